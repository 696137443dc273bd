"""Static files under hashed names, for ever cacheable, ES modules included.

Django's manifest storage does not rewrite `import` statements unless asked, and an unhashed
import inside a hashed module would be cached for ever in its old version.
"""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """whitenoise's compressed manifest storage, with hashed names in `import` and `export … from`.

    Before the first `collectstatic` there is no manifest, and names stay as they are: the plain
    Django way has no step for it. With a manifest a file that is missing in it is an error.
    """

    support_js_module_import_aggregation = True
    # Each pass follows imports a step further, and ends as soon as nothing changes: modules import modules.
    max_post_process_passes = 30

    def stored_name(self, name: str) -> str:
        """The hashed name of `name`."""
        return super().stored_name(name) if self.hashed_files else name
