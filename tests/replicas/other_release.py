"""A portal of another release: `k8sportal.run` after some of its constants were given other values.

They stand in the environment variable OTHER_RELEASE as JSON, by module and name:
{"pods.live.messages": {"FORM": 2}}.

    python -m tests.replicas.other_release
"""

import importlib
import json
import os
import sys

if __name__ == "__main__":
    for module, values in json.loads(os.environ["OTHER_RELEASE"]).items():
        for name, value in values.items():
            assert hasattr(importlib.import_module(module), name), name
            setattr(importlib.import_module(module), name, value)
    from k8sportal.run import main

    sys.exit(main())
