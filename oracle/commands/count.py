"""``count``, by experiment."""

import analytic
import oracle
from analytic.commands.count import count_command

command = count_command("oracle", oracle, check=analytic)
