"""What Python runs first in servo-batch.pyz."""

from servo_batch.__main__ import start

start()
