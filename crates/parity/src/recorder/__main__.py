"""`python recorder SCRIPT` and `python record.pyz SCRIPT`: the folder, or it packed."""

import os
import sys

# This folder's, or this archive's, wherever the script changes to later; and not
# among the places where the script looks for its own modules.
sys.path[0] = os.path.abspath(sys.path[0])
from parity_recorder.cli import main

del sys.path[0]
main()
