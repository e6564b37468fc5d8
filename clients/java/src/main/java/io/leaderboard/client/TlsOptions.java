package io.leaderboard.client;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * How connections are encrypted, and who is trusted.
 *
 * @param authorities a PEM file of the authorities that certify the server; those that Java trusts
 *     if empty
 * @param certificate a PEM file of the client's own certificate, where the server asks for one
 * @param key a PEM file of its key (PKCS#8, without a password); there if the certificate is
 */
public record TlsOptions(
    Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key) {

  /** Refuses nulls, and a certificate without a key or a key without a certificate. */
  public TlsOptions {
    Objects.requireNonNull(authorities, "authorities");
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException("a client certificate and its key go together");
    }
  }

  /**
   * Returns options that trust the authorities that Java trusts.
   *
   * @return the options
   */
  public static TlsOptions system() {
    return new TlsOptions(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Returns options that trust the authorities of a file alone.
   *
   * @param authorities a PEM file
   * @return the options
   */
  public static TlsOptions trusting(Path authorities) {
    return new TlsOptions(Optional.of(authorities), Optional.empty(), Optional.empty());
  }

  /**
   * Returns the same options with a certificate of the client's own.
   *
   * @param certificate a PEM file
   * @param key a PEM file of its key (PKCS#8, without a password)
   * @return the options
   */
  public TlsOptions withCertificate(Path certificate, Path key) {
    return new TlsOptions(authorities, Optional.of(certificate), Optional.of(key));
  }
}
