"""TLS on our own ports, over real sockets."""

import json
import ssl
from pathlib import Path

import httpx
import pytest

from tests.running import SERVICE, free_port, running


def test_a_self_signed_server_speaks_https_on_all_ports_and_asks_for_certificates_on_one(tmp_path: Path) -> None:
    mutual = free_port()
    environment = {"OSTIARY_TLS": "self-signed", "OSTIARY_MTLS_BIND": f"127.0.0.1:{mutual}", "OSTIARY_ISSUER": ""}
    with running(tmp_path, environment=environment, scheme="https") as server:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
        with httpx.Client(verify=trusted) as http:
            found = http.get(f"https://127.0.0.1:{server.runtime_port}/.well-known/openid-configuration").json()
            assert found["issuer"] == f"https://127.0.0.1:{server.runtime_port}"
            for port in (server.runtime_port, server.admin_port, mutual):
                assert http.get(f"https://localhost:{port}/pf/heartbeat.ping").text == "OK"
            created = http.post(
                f"https://localhost:{server.runtime_port}/pf-ws/rest/oauth/clients",
                json={"client": {"clientId": "c", "name": "C", "grantTypes": ["extension"]}},
                auth=SERVICE,
            )
            assert created.status_code == 200


def test_headers_and_tls_version_are_in_the_log_of_the_service_where_it_is_set_so(tmp_path: Path) -> None:
    (tmp_path / "ostiary.toml").write_text('[log]\nformat = "json"\nlevel = "headers"\n')
    mutual = free_port()
    environment = {"OSTIARY_TLS": "self-signed", "OSTIARY_MTLS_BIND": f"127.0.0.1:{mutual}", "OSTIARY_ISSUER": ""}
    with running(tmp_path, environment=environment, scheme="https") as server:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "tls.crt"))
        with httpx.Client(verify=trusted, auth=SERVICE) as http:
            for method, port in (("GET", server.runtime_port), ("DELETE", server.runtime_port), ("DELETE", mutual)):
                http.request(method, f"https://localhost:{port}/pf-ws/rest/oauth/clients", headers={"x-mark": "a|b"})
        lines = [json.loads(line) for line in (tmp_path / "log" / "runtime-api.log").read_text().splitlines()]
    assert [(line["method"], line["status"], line["tls"]) for line in lines] == [
        ("GET", "200", "TLSv1.3"),
        ("DELETE", "405", "TLSv1.3"),
        ("DELETE", "405", "TLSv1.3"),
    ]
    assert {line["headers"]["x-mark"] for line in lines} == {"a|b"}
    assert {line["headers"]["authorization"] for line in lines} == {"***"}


def test_old_tls_is_not_spoken(tmp_path: Path) -> None:
    with running(tmp_path, environment={"OSTIARY_TLS": "self-signed", "OSTIARY_ISSUER": ""}, scheme="https") as server:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        old.set_ciphers("AES128-SHA")
        with pytest.raises(httpx.ConnectError, match=r"SSL"):
            httpx.get(f"https://localhost:{server.runtime_port}/pf/heartbeat.ping", verify=old)


def test_behind_a_proxy_links_and_cookies_follow_the_issuer(tmp_path: Path) -> None:
    environment = {
        "OSTIARY_ISSUER": "https://login.example.org/op",
        "OSTIARY_BEHIND_PROXY": "1",
        "OSTIARY_TRUSTED_PROXIES": "127.0.0.1",
    }
    with running(tmp_path, environment=environment, base_path="/op") as server:
        base = f"http://127.0.0.1:{server.runtime_port}/op"
        forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http"}
        found = httpx.get(f"{base}/.well-known/openid-configuration", headers=forged).json()
        assert found["issuer"] == "https://login.example.org/op"
        assert httpx.get(f"http://127.0.0.1:{server.runtime_port}/pf/heartbeat.ping").text == "OK"
        assert found["token_endpoint"] == "https://login.example.org/op/as/token.oauth2"
        assert b"evil" not in httpx.get(f"{base}/.well-known/openid-configuration", headers=forged).content
        created = httpx.post(
            f"{base}/pf-ws/rest/oauth/clients",
            json={
                "client": {
                    "clientId": "web",
                    "name": "Web",
                    "grantTypes": ["authorization_code"],
                    "redirectUris": ["https://app.example.org/cb"],
                }
            },
            auth=SERVICE,
        )
        assert created.status_code == 200
        page = httpx.get(
            f"{base}/as/authorization.oauth2",
            params={
                "client_id": "web",
                "response_type": "code",
                "redirect_uri": "https://app.example.org/cb",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256",
            },
            headers=forged,
        )
        assert page.status_code == 200
        cookie = page.headers["set-cookie"]
        assert "Secure" in cookie
        assert "SameSite=None" in cookie
        assert "evil" not in page.text
