package io.leaderboard.client;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * The certificates for TLS.
 *
 * @param authorities a PEM file of the CA certificates used to verify the server; empty for the
 *     defaults of Java
 * @param certificate a PEM file of the client certificate, if the server requires one
 * @param key a PEM file of its private key (PKCS#8, without a password); set with the certificate
 */
public record TlsOptions(
    Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key) {

  /** Rejects nulls, a certificate without a key, and a key without a certificate. */
  public TlsOptions {
    Objects.requireNonNull(authorities, "authorities");
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException("a client certificate and its key must be set together");
    }
  }

  /**
   * Returns options that trust the default CA certificates of Java.
   *
   * @return the options
   */
  public static TlsOptions system() {
    return new TlsOptions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Returns options that trust only the CA certificates of a file.
   *
   * @param authorities a PEM file
   * @return the options
   */
  public static TlsOptions trusting(Path authorities) {
    return new TlsOptions(Optional.of(authorities), Optional.empty(), Optional.empty());
  }

  /**
   * Returns the same options with a client certificate.
   *
   * @param certificate a PEM file
   * @param key a PEM file of its private key (PKCS#8, without a password)
   * @return the options
   */
  public TlsOptions withCertificate(Path certificate, Path key) {
    return new TlsOptions(authorities, Optional.of(certificate), Optional.of(key));
  }
}
