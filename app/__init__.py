"""Everything with a socket, a disk or a clock."""

import os

os.environ.setdefault(
    "ORT_DISABLE_TELEMETRY", "1"
)  # onnxruntime, which the speech detector loads, tells its maker of use
