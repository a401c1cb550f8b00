"""Draws a page: its record, its template (a theme's before ours), and the language of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ostiary.pages.messages import Language, Languages
from ostiary.pages.policy import content_policy
from ostiary.pages.records import ClaimOnPage, ClientOnPage, ConsentPage, Page, ScopeOnPage, SignOnPage

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS = Path(__file__).parent / "assets"
ASSET_PREFIX = "/assets/"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page ready to be sent."""

    html: str
    content_policy: str
    language: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages refer to. Its name holds its digest, so it may be kept for ever."""

    name: str
    content: bytes
    content_type: str


class Pages:
    """All pages in all languages. Templates and catalogues are read when the first page is drawn, and only then."""

    def __init__(self, *, theme: Path | None = None, languages: Path | None = None) -> None:
        """`theme`: a folder with `templates/` and `assets/` that lie over ours; `languages`: the operator's `*.po`."""
        self._theme = theme
        self._languages_folder = languages

    @cached_property
    def languages(self) -> Languages:
        """The catalogues."""
        return Languages.read(self._languages_folder)

    @cached_property
    def assets(self) -> Mapping[str, Asset]:
        """The files that pages refer to, by the name they are served under."""
        found = {
            path.name: path for folder in self._asset_folders() for path in sorted(folder.iterdir()) if path.is_file()
        }
        made = (_asset(path) for path in found.values() if path.suffix in _TYPES)
        return MappingProxyType({asset.name: asset for asset in made})

    def draw(
        self, page: Page, *, base_path: str = "", ui_locales: str | None = None, accept_language: str | None = None
    ) -> Drawn:
        """Draw a page. `base_path` is the path of the issuer, which stands before the addresses of the assets."""
        language = self.languages.choose(ui_locales, accept_language)
        template = self._environment.get_template(page.template)
        html = template.render(
            page=localised(page, language),
            language=language.tag,
            direction=language.direction,
            t=language.say,
            alias=language.alias,
            strong=_strong,
            assets=self._asset_addresses(base_path),
        )
        return Drawn(html, content_policy(page), language.tag)

    def preload(self) -> None:
        """Read everything now, so that mistakes in a theme or a catalogue show at the start."""
        names = self._environment.list_templates(extensions=["html"])
        for name in names:
            self._environment.get_template(name)
        _ = self.languages, self.assets

    def _asset_folders(self) -> list[Path]:
        folders = [ASSETS]
        if self._theme is not None and (self._theme / "assets").is_dir():
            folders.append(self._theme / "assets")
        return folders

    def _asset_addresses(self, base_path: str) -> dict[str, str]:
        served = {_plain_name(name): f"{base_path}{ASSET_PREFIX}{name}" for name in self.assets}
        return {**served, "style": served["ostiary.css"], "icon": served["ostiary.svg"]}

    @cached_property
    def _environment(self) -> "Environment":
        from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

        loaders: list[Any] = [FileSystemLoader(Path(__file__).parent / "templates")]
        if self._theme is not None:
            loaders.insert(0, FileSystemLoader(self._theme / "templates"))
        return Environment(
            loader=ChoiceLoader(loaders),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )


def localised(page: Page, language: Language) -> Page:
    """The page with its alias keys looked up: names and descriptions of the client, scopes and claims (C003, C004)."""
    if isinstance(page, SignOnPage):
        return replace(page, client=_client_in(page.client, language))
    if isinstance(page, ConsentPage):
        return replace(
            page,
            client=_client_in(page.client, language),
            scopes=tuple(_scope_in(scope, language) for scope in page.scopes),
            claims=tuple(_claim_in(claim, language) for claim in page.claims),
            default_description=language.described(page.default_description) if page.default_description else "",
        )
    return page


def _client_in(client: ClientOnPage, language: Language) -> ClientOnPage:
    return replace(client, name=language.alias(client.name), description=language.alias(client.description))


def _scope_in(scope: ScopeOnPage, language: Language) -> ScopeOnPage:
    members = tuple(_scope_in(member, language) for member in scope.members)
    return replace(scope, description=_description(scope.name, scope.description, language), members=members)


def _claim_in(claim: ClaimOnPage, language: Language) -> ClaimOnPage:
    return replace(claim, description=_description(claim.name, claim.description, language))


def _description(name: str, text: str, language: Language) -> str:
    """The text in this language, or what the operator's catalogue says of the name; empty: there is only the name."""
    said = language.described(text) if text else language.alias(name)
    return "" if said == name else said


def _strong(text: str) -> Markup:
    return Markup("<strong>%s</strong>") % text


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    name = f"{path.stem}.{sha256(content).hexdigest()[:12]}{path.suffix}"
    return Asset(name, content, _TYPES[path.suffix])


def _plain_name(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem.rpartition('.')[0]}.{suffix}"
