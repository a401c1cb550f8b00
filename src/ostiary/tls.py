"""TLS for our own ports: from files, or with a certificate made at first start."""

import datetime
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ostiary.config import Config, ConfigError

SELF_SIGNED_DAYS = 825


def server_context(config: Config, hosts: tuple[str, ...]) -> ssl.SSLContext | None:
    """The context of the runtime and administration ports, or None for plain http; raises `ConfigError`."""
    if not config.has_tls:
        return None
    certificate, key = _files(config, hosts)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM")  # TLS 1.2 with forward secrecy and AEAD only (FAPI 2.0 §5.2.1); 1.3 has its own
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigError(f"the certificate {certificate} with the key {key} cannot be used: {problem}") from None
    return context


def mutual_context(config: Config, hosts: tuple[str, ...], authorities: tuple[str, ...]) -> ssl.SSLContext:
    """The context of the port that asks for client certificates; `authorities` are PEM texts trusted there."""
    context = server_context(config, hosts)
    if context is None:
        raise ConfigError("OSTIARY_MTLS_BIND needs TLS")
    context.verify_mode = ssl.CERT_OPTIONAL
    for pem in authorities:
        context.load_verify_locations(cadata=pem)
    return context


def _files(config: Config, hosts: tuple[str, ...]) -> tuple[str, str]:
    if config.tls_cert:
        return config.tls_cert, config.tls_key
    certificate, key = config.data / "tls.crt", config.data / "tls.key"
    if not certificate.exists() or not key.exists():
        make_self_signed(certificate, key, hosts)
    return str(certificate), str(key)


def make_self_signed(certificate_path: Path, key_path: Path, hosts: tuple[str, ...]) -> None:
    """Write a new key and a certificate for these host names and addresses; the key is for its owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    descriptor = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
