"""What `serve` starts from."""

from pathlib import Path

import pytest

from ostiary.config import ConfigError, check_demo, default_issuer, load


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
        ({"OSTIARY_TLS_CERT": "a.pem"}, "OSTIARY_TLS_KEY"),
        ({"OSTIARY_MTLS_BIND": "127.0.0.1:9032"}, "OSTIARY_MTLS_BIND"),
        ({"OSTIARY_TLS": "yes"}, "OSTIARY_TLS"),
        ({"OSTIARY_WORKERS": "0"}, "OSTIARY_WORKERS"),
        ({"OSTIARY_TRUSTED_PROXIES": "somewhere"}, "OSTIARY_TRUSTED_PROXIES"),
        ({"OSTIARY_ISSUER": "http://login.example.org"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_ISSUER": "https://login.example.org/?a=b"}, "OSTIARY_ISSUER"),
        ({"OSTIARY_DATABASE_URL": "mysql://x"}, "OSTIARY_DATABASE_URL"),
        ({"OSTIARY_ADMIN_USER": "a"}, "OSTIARY_ADMIN_PASSWORD"),
    ],
)
def test_what_cannot_work_is_refused_by_name(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load({}, {"OSTIARY_DATA": str(tmp_path), **variables})


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ostiary.toml").write_text("workers = = 3")
    with pytest.raises(ConfigError, match=r"ostiary\.toml"):
        load({"OSTIARY_DATA": str(tmp_path)}, {})


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
