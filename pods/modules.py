"""Which modules a script needs, so that a page can ask for all of them at once.

A browser that finds out only as it reads them waits a round trip for each level of imports: a second and
more where the portal is far away.
"""

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django.conf import settings
from django.contrib.staticfiles import finders

# `import` and `export … from` of modules beside it, at the beginning of a line, over several lines too.
_IMPORT = re.compile(r"^(?:import|export)\b[^;'\"]*['\"](\.{1,2}/[^'\"]+)['\"]", re.MULTILINE)


def modules_of(script: str) -> tuple[str, ...]:
    """The static files that `script` (one of them) imports, directly and through others, without itself.

    Read once; at each call while the files may change (DJANGO_DEBUG).
    """
    return _found(script) if settings.DEBUG else _kept(script)


def _found(script: str) -> tuple[str, ...]:
    known = [script]
    for name in known:
        known += [one for one in dict.fromkeys(_imports(name)) if one not in known]
    return tuple(known[1:])


_kept = cache(_found)


def _imports(name: str) -> list[str]:
    path = finders.find(name)
    if path is None:
        return []
    text = Path(str(path)).read_text(encoding="utf-8")
    return [normpath(join(dirname(name), each)) for each in _IMPORT.findall(text)]
