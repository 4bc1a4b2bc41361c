"""TLS: who is trusted, and which certificate is shown to whom."""

from __future__ import annotations

import os
import ssl
import sys
from contextlib import suppress
from typing import Literal, cast

from urllib3.util.ssl_ import create_urllib3_context

from portal_client.configuration import Configuration
from portal_client.exceptions import ApiValueError
from portal_client.pasted import described_path
from portal_client.transport.setting import Setting, setting, variable

#: Whom a connection leads to: the configured service or its token endpoint, where a redirect leads, a proxy.
Peer = Literal["service", "elsewhere", "proxy"]


class Contexts:
    """The TLS contexts of a client, each made once: reading certificates takes longer than a handshake."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._made: dict[Peer, ssl.SSLContext] = {}

    def of(self, peer: Peer) -> ssl.SSLContext:
        """Return the context for a peer; only the service is shown the certificate of the client.

        Raises ApiValueError, or ApiConnectionError for a variable of the environment that cannot be used.
        """
        if peer not in self._made:
            self._made[peer] = self._make(peer)
        return self._made[peer]

    def _make(self, peer: Peer) -> ssl.SSLContext:
        c = self._configuration
        if c.ssl_context is not None:
            return c.ssl_context if peer == "service" else without_certificate(c.ssl_context)
        context = trusting(c, of_proxy=peer == "proxy")
        if peer == "service":
            _show_certificate(context, c)
        return context


def trusting(c: Configuration, of_proxy: bool) -> ssl.SSLContext:
    """Make a context that trusts whom the settings say.

    A proxy may have another authority than the service.
    """
    if of_system := c.truststore and c.verify_ssl:
        context = _truststore()
    else:
        context = _plain(ssl.CERT_REQUIRED if c.verify_ssl else ssl.CERT_NONE)
    if not c.verify_ssl:
        return context
    given = setting(c, "ssl_ca_cert")
    if given is None and c.trust_env and not of_system:
        given = variable("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    if given is not None:
        _load(context, given)
    if of_system or (given is not None and not of_proxy):
        return context
    if c.trust_env:
        _check_defaults(context)
    if c.trust_env or sys.platform == "win32":
        context.load_default_certs()
    else:
        built_in = ssl.get_default_verify_paths()
        for option in ({"cafile": built_in.openssl_cafile}, {"capath": built_in.openssl_capath}):
            if os.path.exists(next(iter(option.values()))):
                context.load_verify_locations(**option)
    return context


def _show_certificate(context: ssl.SSLContext, c: Configuration) -> None:
    """Make a context show the certificate of the client, if one is set. Raises ApiValueError."""
    certificate, key = setting(c, "cert_file"), setting(c, "key_file")
    if certificate is None:
        if key is not None:
            raise key.unusable("it is the key of a certificate, and cert_file is not set")
        return
    with_key = key or certificate
    for given in (certificate, with_key):
        try:
            open(os.fspath(given.value), "rb").close()
        except (OSError, TypeError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise given.unusable(f"{described_path(given.value)} cannot be read: {why}") from error

    def password() -> str:  # else OpenSSL asks for it on the terminal, and waits
        raise with_key.unusable(
            f"the key in {with_key.value} is encrypted; decrypt it, or set ssl_context to a context that "
            "has loaded it with its password"
        )

    try:
        context.load_cert_chain(certificate.value, key.value if key else None, password)
    except ssl.SSLError as error:
        files = f"{certificate.name}: {certificate.value}"
        if key is not None:
            files += f" and {key.name}: {key.value}"
        raise ApiValueError(f"{files}: no certificate with its key: {error}") from error


def _plain(mode: ssl.VerifyMode) -> ssl.SSLContext:
    try:
        context = create_urllib3_context(cert_reqs=mode)
    except OSError as error:
        if (keys := variable("SSLKEYLOGFILE")) is None:
            raise
        raise keys.unusable(f"{described_path(keys.value)} cannot be written: {error}") from error
    if not isinstance(cast(object, context), ssl.SSLContext):  # pyOpenSSL was put in its place
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = mode != ssl.CERT_NONE
        context.verify_mode = mode
    return context


def _load(context: ssl.SSLContext, given: Setting) -> None:
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(given.value) else "cafile": given.value})
    except (OSError, ValueError) as error:
        raise given.unusable(f"{described_path(given.value)} cannot be read: {error}") from error


def _check_defaults(context: ssl.SSLContext) -> None:
    """Refuse variables that OpenSSL would pass over, so that nobody is trusted and nothing says why."""
    if (file := variable("SSL_CERT_FILE")) is not None:
        _load(context, file)
    folders = variable("SSL_CERT_DIR")
    if folders is not None and not any(map(os.path.isdir, folders.value.split(os.pathsep))):
        raise folders.unusable(f"{described_path(folders.value)} is no folder")


def _truststore() -> ssl.SSLContext:
    try:
        from truststore import SSLContext
    except ImportError:
        raise ApiValueError('truststore: it comes with pip install "portal-client[truststore]"') from None
    return SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def without_certificate(own: ssl.SSLContext) -> ssl.SSLContext:
    """Make a context that judges as another one does; its certificate cannot be taken out, nor be seen.

    Authorities that it looks up in a folder are not taken over.
    """
    context = type(own)(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # else there is no mode without verification
    context.verify_mode = own.verify_mode
    context.check_hostname = own.check_hostname
    context.verify_flags = own.verify_flags
    context.options = own.options
    context.minimum_version, context.maximum_version = own.minimum_version, own.maximum_version
    context.set_ciphers(":".join(cipher["name"] for cipher in own.get_ciphers()))
    with suppress(NotImplementedError):  # truststore: the system's authorities
        if authorities := own.get_ca_certs(binary_form=True):
            context.load_verify_locations(cadata=b"".join(authorities))
    return context


#: Errors of OpenSSL that VERIFY_X509_STRICT alone makes, by their numbers in x509_vfy.h: what RFC 5280 asks
#: for, and authorities of companies often lack. Python sets that flag from 3.13 on.
_STRICT = (78, *range(80, 94))


def explained(error: ssl.SSLCertVerificationError) -> ssl.SSLCertVerificationError:
    """Add what helps to the error of a certificate that Python accepted before 3.13."""
    if error.verify_code not in _STRICT:
        return error
    return ssl.SSLCertVerificationError(
        error.errno,
        f"certificate verify failed: {error.verify_message}; Python refuses this from 3.13 on: set "
        "ssl_context to a context without ssl.VERIFY_X509_STRICT, or truststore=True",
    )
