from services.awarding.api import NAME
from services.awarding.replay.running import replay
from shared.replay.command import command

command(NAME, replay)
