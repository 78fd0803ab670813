"""`python -m services.awarding [all|api|stream]`"""

import sys

from services.awarding.app import open_service
from shared.process import run

if __name__ == "__main__":
    run(open_service, *sys.argv[1:2])
