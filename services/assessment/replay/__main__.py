from services.assessment.desk import NAME
from services.assessment.replay.running import replay
from shared.replay.command import command

command(NAME, replay)
