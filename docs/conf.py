"""How the manual is built: `make docs`."""

from importlib.metadata import version as version_of

project = "Ostiary"
author = "The Ostiary authors"
copyright = "The Ostiary authors, Apache-2.0"  # noqa: A001 - Sphinx's name
release = version_of("ostiary")
version = release

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "changelog.d", "manual/environment.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"Ostiary {release}"
html_favicon = "../src/ostiary/pages/assets/ostiary.svg"
html_logo = "../src/ostiary/pages/assets/ostiary.svg"
html_static_path = ["_static"]
html_css_files = ["manual.css"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#22645f", "color-brand-content": "#22645f"},
    "dark_css_variables": {"color-brand-primary": "#7cc7be", "color-brand-content": "#7cc7be"},
}
html_show_sphinx = False
