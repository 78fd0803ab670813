"""Run a command that dies with the process that started it: `python leash.py PARENT_PID COMMAND...`.

The command replaces this program, so it keeps the process id. On Linux the kernel kills it as soon as its
parent is gone, however the parent ended; elsewhere only a clean end of the parent stops it.
Standard library only and run with `-I -S`, so that it costs some 20 ms.
"""

import os
import sys

PR_SET_PDEATHSIG = 1
SIGKILL = 9


def main() -> None:
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):  # it went before the kernel was told
            sys.exit("parent is gone")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
