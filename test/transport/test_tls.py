"""A TLS context of one's own, who is shown the client's certificate, and what helps from Python 3.13 on."""

from __future__ import annotations

import copy
import datetime
import ipaddress
import pickle
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import finbourne_candela
from portal_client import ApiClient, Configuration, SessionsApi
from portal_client.exceptions import ApiConnectionError, ApiException, ApiValueError
from portal_client.transport.tls import without_certificate
from support.clients import TOKEN, authority, ca_file, calling, client_of, failing, server_tls
from support.scripted import Answer, Connection, Received, playing, reply

CONFIGURATIONS: Any = pytest.mark.parametrize("kind", [Configuration, finbourne_candela.Configuration])


def trusting(tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file(tmp_path))


# ── a context of one's own ──


@pytest.mark.fault("TLS and proxies", "A TLS context of one's own beats the other settings")
def test_a_context_of_ones_own_is_used(tmp_path: Path) -> None:
    others: Any = {"ssl_ca_cert": "/no/where.pem", "cert_file": "/no/where.pem", "truststore": True}
    with calling(reply(), tls=server_tls(), ssl_context=trusting(tmp_path), **others) as c:
        assert c.api.get_session("s1").id == "s1"
    with calling(reply(), tls=server_tls(), ssl_context=trusting(tmp_path), verify_ssl=False) as c:
        assert c.api.get_session("s1").id == "s1"  # verified: there is no warning


@pytest.mark.fault("TLS and proxies", "A TLS context of one's own beats the other settings")
def test_a_context_of_ones_own_judges(tmp_path: Path) -> None:
    with calling(reply(), tls=server_tls(), ssl_context=ssl.create_default_context()) as c:
        c.client.configuration.ssl_ca_cert = ca_file(tmp_path)
        error = failing(lambda: c.api.create_session("a1", "hello"))

    assert "certificate verify failed" in str(error)
    assert error.request_sent is False
    assert c.server.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_over_tls_is_judged_by_it(scheme: str, tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as proxy:
        with client_of("http://somewhere.test", proxy=proxy.host, ssl_context=trusting(tmp_path)) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"
        with client_of(
            "http://somewhere.test", proxy=proxy.host, ssl_context=ssl.create_default_context()
        ) as c:
            error = failing(lambda: SessionsApi(c).get_session("s1"))

    assert "certificate verify failed" in str(error)
    assert len(proxy.requests) == 1


@CONFIGURATIONS
def test_a_context_is_a_context(kind: Any) -> None:
    for wrong, told in (
        ("ca.pem", "must be an ssl.SSLContext, not str"),
        (True, "must be an ssl.SSLContext, not bool"),
        (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), "is for a server"),
    ):
        with pytest.raises(ApiValueError, match=f"ssl_context {told}"):
            kind(ssl_context=wrong)
        with pytest.raises(ApiValueError, match=f"ssl_context {told}"):
            kind().ssl_context = wrong


@CONFIGURATIONS
def test_a_copy_keeps_the_context(kind: Any) -> None:
    context = ssl.create_default_context()
    configuration = kind(ssl_context=context)

    for each in (configuration, copy.copy(configuration), copy.deepcopy(configuration)):
        assert each.ssl_context is context
    assert kind().ssl_context is None


@pytest.mark.fault("Secrets", "A client that lacks its TLS context after pickling says so before it sends")
def test_pickle_leaves_the_context_out(tmp_path: Path) -> None:
    with playing(reply(), tls=server_tls()) as server:
        with ApiClient(Configuration(server.host, ssl_context=trusting(tmp_path))) as client:
            SessionsApi(client).get_session("s1")
            unpickled = pickle.loads(pickle.dumps(client))
        error = failing(lambda: SessionsApi(unpickled).create_session("a1", "hello"))
        assert server.connections == 1

        unpickled.configuration.ssl_context = trusting(tmp_path)
        assert SessionsApi(unpickled).get_session("s1").id == "s1"
        unpickled.close()

    assert "ssl_context was given as an object, which pickle does not carry; set it again" in str(error)
    assert (error.status, error.request_sent) == (0, False)


def test_without_a_context_pickle_lacks_none() -> None:
    assert pickle.loads(pickle.dumps(Configuration())).ssl_context is None


def test_a_context_without_verification_stays_so(tmp_path: Path) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        calling(reply(), tls=server_tls("other.test"), ssl_context=context) as c,
        pytest.warns(urllib3.exceptions.InsecureRequestWarning),
    ):
        assert c.api.get_session("s1").id == "s1"

    assert without_certificate(context).verify_mode == ssl.CERT_NONE


def test_what_stands_in_for_a_context_judges_as_it_does(tmp_path: Path) -> None:
    own = trusting(tmp_path)
    own.minimum_version = ssl.TLSVersion.TLSv1_3
    own.verify_flags |= ssl.VERIFY_X509_STRICT
    other = without_certificate(own)

    assert other.get_ca_certs() == own.get_ca_certs()
    for name in ("verify_flags", "verify_mode", "check_hostname", "options", "minimum_version"):
        assert getattr(other, name) == getattr(own, name)


# ── who is shown the certificate of the client ──


def asking(tmp_path: Path, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server that asks for a certificate and does without one."""
    context = server_tls(name)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(ca_file(tmp_path))
    return context


@pytest.fixture(params=["cert_file", "ssl_context"])
def certified(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings of a client that has a certificate."""
    mine = str(tmp_path / "mine.pem")
    authority().issue_cert("client").private_key_and_cert_chain_pem.write_to_path(mine)
    if request.param == "cert_file":
        return {"ssl_ca_cert": ca_file(tmp_path), "cert_file": mine}
    context = trusting(tmp_path)
    context.load_cert_chain(mine)
    return {"ssl_context": context}


def seeing(shown: list[bool], answer: Answer) -> Answer:
    """Respond, and write down whether there was a certificate."""

    def answers(connection: Connection, request: Received) -> None:
        shown.append(bool(connection.sock.getpeercert()))
        connection.send(answer if isinstance(answer, bytes) else answer(connection, request))

    return answers


@pytest.mark.fault("Redirects", "Another origin is not shown the client's certificate")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_origin_is_not_shown_the_certificate(
    status: int, certified: dict[str, Any], tmp_path: Path
) -> None:
    service: list[bool] = []
    elsewhere: list[bool] = []
    back: list[str] = []

    def leads_back(connection: Connection, request: Received) -> bytes:
        return reply({}, status=302, Location=f"{back[0]}/back")

    with playing(seeing(elsewhere, leads_back), tls=asking(tmp_path)) as other:
        away = reply({}, status=status, Location=f"{other.host}/there")
        answers = [seeing(service, away), seeing(service, reply())]
        with calling(*answers, tls=asking(tmp_path), **certified) as c:
            back.append(c.server.host)
            assert c.api.get_session("s1").id == "s1"

    assert (service, elsewhere) == ([True, False], [False])  # nor who is asked on behalf of another origin
    assert [r.target for r in (*c.server.requests, *other.requests)] == ["/sessions/s1", "/back", "/there"]
    assert TOKEN not in str(other.requests[0].headers)


# ── a certificate that cannot be shown ──


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A certificate and its key, that key encrypted, both in one file, and a key of another."""
    mine, other = authority().issue_cert("client"), authority().issue_cert("other")
    key = serialization.load_pem_private_key(mine.private_key_pem.bytes(), None)
    password = serialization.BestAvailableEncryption(b"password")
    encrypted = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, password)
    content = {
        "cert": mine.cert_chain_pems[0].bytes(),
        "key": mine.private_key_pem.bytes(),
        "encrypted": encrypted,
        "both": mine.cert_chain_pems[0].bytes() + encrypted,
        "other": other.private_key_pem.bytes(),
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in (*content, "missing")}


@pytest.mark.parametrize(
    ("cert_file", "key_file", "named", "said"),
    [
        ("missing", None, "cert_file", "missing cannot be read: No such file"),
        ("missing", "key", "cert_file", "missing cannot be read: No such file"),
        ("cert", "missing", "key_file", "missing cannot be read: No such file"),
        ("cert", None, "cert_file", "no certificate with its key"),
        ("cert", "other", "cert_file", "other: no certificate with its key"),
        ("cert", "cert", "cert_file", "no certificate with its key"),
        ("cert", "encrypted", "key_file", "encrypted is encrypted; decrypt it, or set ssl_context"),
        ("both", None, "cert_file", "both is encrypted; decrypt it, or set ssl_context"),
        (None, "key", "key_file", "cert_file is not set"),
    ],
)
def test_a_certificate_that_cannot_be_shown_is_named(
    files: dict[str, str],
    cert_file: str | None,
    key_file: str | None,
    named: str,
    said: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given: Any = {"cert_file": cert_file and files[cert_file], "key_file": key_file and files[key_file]}
    with calling(reply(), tls=server_tls(), **given) as c, pytest.raises(ApiValueError) as caught:
        c.api.get_session("s1")

    assert str(caught.value).startswith(f"{named}: ")
    assert said in str(caught.value)
    assert c.server.connections == 0
    assert capfd.readouterr() == ("", "")  # nobody is asked for a password


@pytest.mark.parametrize("value", [5, b"\0", "a\0b"])
def test_a_certificate_that_is_no_path_is_named(value: Any) -> None:
    with (
        calling(reply(), tls=server_tls(), cert_file=value) as c,
        pytest.raises(ApiValueError, match="cert_file: "),
    ):
        c.api.get_session("s1")


def test_a_redirect_within_the_origin_is_shown_the_certificate(
    certified: dict[str, Any], tmp_path: Path
) -> None:
    shown: list[bool] = []
    answers = [seeing(shown, reply({}, status=302, Location="/there")), seeing(shown, reply())]
    with calling(*answers, tls=asking(tmp_path), **certified) as c:
        c.api.get_session("s1")

    assert shown == [True, True]
    assert c.server.connections == 1


def test_the_host_of_a_derived_client_is_shown_the_certificate(
    certified: dict[str, Any], tmp_path: Path
) -> None:
    shown: list[bool] = []
    with (
        playing(seeing(shown, reply()), tls=asking(tmp_path)) as other,
        calling(reply({}, status=302, Location=f"{other.host}/there"), tls=server_tls(), **certified) as c,
    ):
        c.api.get_session("s1")
        SessionsApi(c.client.with_options(host=other.host)).get_session("s1")

    assert shown == [False, True]


def test_another_origin_is_not_asked_for_the_name_of_the_service(tmp_path: Path) -> None:
    with (
        playing(reply(), tls=server_tls()) as other,
        calling(
            reply({}, status=302, Location=f"{other.host}/there"),
            tls=server_tls("service.test"),
            ssl_ca_cert=ca_file(tmp_path),
        ) as c,
    ):
        c.client.configuration.tls_server_name = "service.test"
        assert c.api.get_session("s1").id == "s1"

    assert len(other.requests) == 1


# ── what Python refuses from 3.13 on ──

KEY = ec.generate_private_key(ec.SECP256R1())
NOW = datetime.datetime.now(datetime.UTC)


def certificate(name: str, issuer: str, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
    subject, issued_by = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (name, issuer)
    )
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(KEY.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - day)
        .not_valid_after(NOW + day)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


IDENTIFIER = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key())
ISSUED_BY = x509.AuthorityKeyIdentifier.from_issuer_public_key(KEY.public_key())
AUTHORITY = x509.BasicConstraints(ca=True, path_length=None)
SIGNS = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
ADDRESS = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])

#: What the authority of a company, and a certificate of it, may lack: OpenSSL's word for it.
LACKING: dict[str, tuple[list[Any], list[Any]]] = {
    "Missing Authority Key Identifier": (
        [(AUTHORITY, True), (SIGNS, True), (IDENTIFIER, False)],
        [(ADDRESS, False)],
    ),
    "Missing Subject Key Identifier": (
        [(AUTHORITY, True), (SIGNS, True)],
        [(ADDRESS, False), (ISSUED_BY, False)],
    ),
    "Basic Constraints of CA cert not marked critical": (
        [(AUTHORITY, False), (SIGNS, True), (IDENTIFIER, False)],
        [(ADDRESS, False), (ISSUED_BY, False)],
    ),
    "CA cert does not include key usage extension": (
        [(AUTHORITY, True), (IDENTIFIER, False)],
        [(ADDRESS, False), (ISSUED_BY, False)],
    ),
}


@pytest.fixture(params=LACKING)
def lacking(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, ssl.SSLContext]:
    """What a certificate lacks, the file of its authority, and a server that bears it."""
    of_authority, of_server = LACKING[request.param]
    ca, both = tmp_path / "corp.pem", tmp_path / "both.pem"
    ca.write_bytes(certificate("Corp", "Corp", *of_authority))
    private = KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(certificate("portal", "Corp", *of_server) + private)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(both)
    return request.param, str(ca), tls


def told(error: ApiException, lacks: str) -> None:
    assert isinstance(error, ApiConnectionError)
    assert error.request_sent is False
    for word in (lacks, "from 3.13 on", "ssl_context", "without ssl.VERIFY_X509_STRICT", "truststore=True"):
        assert word in str(error.reason)


@pytest.mark.fault("TLS and proxies", "What Python refuses from 3.13 on is told, with what helps")
@pytest.mark.parametrize("proxied", [False, True], ids=["server", "proxy"])
def test_a_strict_context_tells_what_helps(proxied: bool, lacking: tuple[str, str, ssl.SSLContext]) -> None:
    lacks, ca, tls = lacking
    strict = ssl.create_default_context(cafile=ca)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    lenient = ssl.create_default_context(cafile=ca)
    lenient.verify_flags &= ~ssl.VERIFY_X509_STRICT

    with playing(reply(), tls=tls) as server:
        where: Any = (
            {"host": "http://somewhere.test", "proxy": server.host} if proxied else {"host": server.host}
        )
        with client_of(**where, ssl_context=strict, retries=False) as client:
            told(failing(lambda: SessionsApi(client).create_session("a1", "hello")), lacks)
        assert server.requests == []
        with client_of(**where, ssl_context=lenient) as client:
            assert SessionsApi(client).get_session("s1").id == "s1"


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Python accepts them before 3.13")
@pytest.mark.fault("TLS and proxies", "What Python refuses from 3.13 on is told, with what helps")
@pytest.mark.parametrize("variable", [False, True], ids=["ssl_ca_cert", "SSL_CERT_FILE"])
def test_from_3_13_on_that_is_the_default(
    variable: bool, lacking: tuple[str, str, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks, ca, tls = lacking
    given: Any = {} if variable else {"ssl_ca_cert": ca}
    if variable:
        monkeypatch.setenv("SSL_CERT_FILE", ca)
    with calling(reply(), tls=tls, **given) as c:
        told(failing(lambda: c.api.create_session("a1", "hello")), lacks)

    assert c.server.requests == []


def test_truststore_accepts_them(lacking: tuple[str, str, ssl.SSLContext]) -> None:
    pytest.importorskip("truststore")
    _, ca, tls = lacking
    with calling(reply(), tls=tls, ssl_ca_cert=ca, truststore=True) as c:
        assert c.api.get_session("s1").id == "s1"


def test_another_failure_is_told_as_it_is() -> None:
    with calling(reply(), tls=server_tls()) as c:
        error = failing(lambda: c.api.get_session("s1"))

    assert "VERIFY_X509_STRICT" not in str(error)
