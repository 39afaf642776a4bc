"""Everything with a socket, a disk or a clock."""

import os

# onnxruntime, which the speech detector loads, would tell its maker of use.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
