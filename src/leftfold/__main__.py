"""`python -m leftfold` is the command `leftfold`."""

import sys

from leftfold.cli import main

sys.exit(main())
