"""What `serve` starts from."""

from pathlib import Path

import pytest

from ostiary.config import ConfigError, check_demo, default_issuer, load
from ostiary.tls import make_self_signed


def test_flags_win_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ostiary.toml").write_text('runtime_bind = "127.0.0.1:1"\nadmin_bind = "127.0.0.1:2"\nworkers = 3\n')
    environment = {"OSTIARY_DATA": str(tmp_path), "OSTIARY_ADMIN_BIND": "127.0.0.1:20", "OSTIARY_WORKERS": "4"}
    config = load({"OSTIARY_WORKERS": "5"}, environment)
    assert (config.runtime_bind.port, config.admin_bind.port, config.workers) == (1, 20, 5)


def test_the_defaults_are_the_operators_contract(tmp_path: Path) -> None:
    config = load({}, {"OSTIARY_DATA": str(tmp_path)})
    assert config.runtime_bind.authority == "127.0.0.1:9031"
    assert config.admin_bind.authority == "127.0.0.1:9999"
    assert config.database_url == f"sqlite:///{tmp_path}/ostiary.db"
    assert config.workers == 1
    assert config.mtls_bind is None
    assert default_issuer(config, 9031) == "http://127.0.0.1:9031"


def test_the_issuer_is_https_with_tls_and_has_the_bound_port(tmp_path: Path) -> None:
    config = load({}, {"OSTIARY_DATA": str(tmp_path), "OSTIARY_TLS": "self-signed"})
    assert default_issuer(config, 40123) == "https://127.0.0.1:40123"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"OSTIARY_RUNTIME_BIND": "10.0.0.1:80"}, "OSTIARY_RUNTIME_BIND"),
        ({"OSTIARY_ADMIN_BIND": "0.0.0.0:80"}, "OSTIARY_ADMIN_BIND"),
        ({"OSTIARY_RUNTIME_BIND": "0.0.0.0:80", "OSTIARY_BEHIND_PROXY": "1"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_RUNTIME_BIND": "nonsense"}, "OSTIARY_RUNTIME_BIND"),
        ({"OSTIARY_RUNTIME_BIND": "127.0.0.1:99999"}, "OSTIARY_RUNTIME_BIND"),
        ({"OSTIARY_RUNTIME_BIND": "127.0.0.1:²"}, "OSTIARY_RUNTIME_BIND"),
        ({"OSTIARY_RUNTIME_BIND": "127.0.0.1:" + "9" * 5000}, "OSTIARY_RUNTIME_BIND"),
        ({"OSTIARY_WORKERS": "²"}, "OSTIARY_WORKERS"),
        ({"OSTIARY_ISSUER": "https://[half"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_ISSUER": "https://login.example.org:port"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_DATABASE_URL": "sqlite:///"}, "OSTIARY_DATABASE_URL"),
        ({"OSTIARY_TLS_CERT": "a.pem"}, "OSTIARY_TLS_KEY"),
        ({"OSTIARY_MTLS_BIND": "127.0.0.1:9032"}, "OSTIARY_MTLS_BIND"),
        ({"OSTIARY_TLS": "yes"}, "OSTIARY_TLS"),
        ({"OSTIARY_WORKERS": "0"}, "OSTIARY_WORKERS"),
        ({"OSTIARY_TRUSTED_PROXIES": "somewhere"}, "OSTIARY_TRUSTED_PROXIES"),
        ({"OSTIARY_ISSUER": "http://login.example.org"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_ISSUER": "https://login.example.org/?a=b"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_DATABASE_URL": "mysql://x"}, "OSTIARY_DATABASE_URL"),
        ({"OSTIARY_ADMIN_USER": "a"}, "OSTIARY_ADMIN_PASSWORD"),
        ({"OSTIARY_ADMIN_USER": "a:b", "OSTIARY_ADMIN_PASSWORD": "Sesame-12345"}, "OSTIARY_ADMIN_USER.*colon"),
        ({"OSTIARY_ADMIN_USER": "a\tb", "OSTIARY_ADMIN_PASSWORD": "Sesame-12345"}, "OSTIARY_ADMIN_USER"),
        ({"OSTIARY_SERVICE_USER": "a:b", "OSTIARY_SERVICE_PASSWORD": "Sesame-12345"}, "OSTIARY_SERVICE_USER.*colon"),
        ({"OSTIARY_ADMIN_USER": "a", "OSTIARY_ADMIN_PASSWORD": "Short-1"}, "OSTIARY_ADMIN_PASSWORD.*8 characters"),
        ({"OSTIARY_ADMIN_USER": "a", "OSTIARY_ADMIN_PASSWORD": "sesame-12345"}, "OSTIARY_ADMIN_PASSWORD.*upper-case"),
        ({"OSTIARY_SERVICE_USER": "a", "OSTIARY_SERVICE_PASSWORD": "Sesame-open"}, "OSTIARY_SERVICE_PASSWORD.*digit"),
        ({"OSTIARY_BEHIND_PROXY": "yes"}, "OSTIARY_BEHIND_PROXY"),
        ({"OSTIARY_OUTBOUND_CA": "/nowhere/authorities.pem"}, "OSTIARY_OUTBOUND_CA.*/nowhere/authorities.pem"),
        ({"OSTIARY_OUTBOUND_CA": "/"}, "OSTIARY_OUTBOUND_CA"),
        ({"OSTIARY_OUTBOUND_CA": __file__}, "OSTIARY_OUTBOUND_CA.*no certificates"),
    ],
)
def test_what_cannot_work_is_refused_by_name(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load({}, {"OSTIARY_DATA": str(tmp_path), **variables})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ostiary.toml").write_text("workers = = 3")
    with pytest.raises(ConfigError, match=r"ostiary\.toml"):
        load({"OSTIARY_DATA": str(tmp_path)}, {})


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('isuer = "https://id.example.org"\nworker = 2', "isuer, worker"),
        ('data = "/srv/ostiary"', "OSTIARY_DATA"),
        ('[logs]\nformat = "json"', "logs"),
        ('[log]\nstyle = "json"', "log"),
        ("issuer = [1]", "issuer"),
        ("workers = 1.5", "workers"),
        ("a = " + "[" * 5000, r"ostiary\.toml"),
    ],
)
def test_what_the_file_must_not_say_is_named(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "ostiary.toml").write_text(content)
    with pytest.raises(ConfigError, match=named):
        load({"OSTIARY_DATA": str(tmp_path)}, {})


def test_a_file_in_place_of_the_data_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file"):
        load({"OSTIARY_DATA": str(tmp_path / "file")}, {})


def test_switches_in_the_file_may_be_booleans(tmp_path: Path) -> None:
    (tmp_path / "ostiary.toml").write_text("behind_proxy = true")
    assert load({"OSTIARY_DATA": str(tmp_path)}, {}).behind_proxy
    (tmp_path / "ostiary.toml").write_text("behind_proxy = false")
    assert not load({"OSTIARY_DATA": str(tmp_path)}, {}).behind_proxy


def test_authorities_for_outgoing_calls_are_read_at_the_start(tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    make_self_signed(pem, tmp_path / "ca.key", ("ca.example.org",))
    config = load({"OSTIARY_DATA": str(tmp_path)}, {"OSTIARY_OUTBOUND_CA": str(pem)})
    assert config.outbound_ca == str(pem)


def test_no_refusal_of_a_password_repeats_it(tmp_path: Path) -> None:
    environment = {"OSTIARY_ADMIN_USER": "root", "OSTIARY_ADMIN_PASSWORD": "open-sesame"}
    with pytest.raises(ConfigError) as refused:
        load({"OSTIARY_DATA": str(tmp_path)}, environment)
    assert "sesame" not in str(refused.value)


def test_the_demo_is_refused_where_others_could_reach_it(tmp_path: Path) -> None:
    check_demo("http://localhost:9031")
    check_demo("http://[::1]:9031")
    with pytest.raises(ConfigError, match="--demo"):
        check_demo("https://login.example.org")
    with pytest.raises(ConfigError, match="--demo"):
        load({}, {"OSTIARY_DATA": str(tmp_path), "OSTIARY_ISSUER": "https://login.example.org"}, demo=True)


def test_no_password_is_shown_by_printing_the_configuration(tmp_path: Path) -> None:
    config = load(
        {}, {"OSTIARY_DATA": str(tmp_path), "OSTIARY_ADMIN_USER": "root", "OSTIARY_ADMIN_PASSWORD": "Sesame-12345"}
    )
    assert "Sesame" not in repr(config)
