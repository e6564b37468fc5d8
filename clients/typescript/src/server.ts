// Opens channels to the server of a client, with its address, TLS settings and token.

import { isIPv4 } from "node:net";

import { type ChannelCredentials, Client as Channel, Metadata, credentials } from "@grpc/grpc-js";

/** Certificates and key for TLS, in PEM format. */
export interface TlsOptions {
  /** CA certificates that verify the server's certificate. Default: Node's CA certificates. */
  readonly authorities?: string | Uint8Array | undefined;
  /** The client certificate with its chain, if the server requires one. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
}

/** A token, or a function that returns one for each attempt. */
export type Token = string | (() => string | Promise<string>);

/** The TLS settings and the token of a client. */
export interface ServerOptions {
  /** Turns on TLS. `true` uses Node's CA certificates. Default: no TLS. */
  readonly tls?: boolean | TlsOptions | undefined;
  /**
   * Sent with each call as `authorization: Bearer <token>`. It needs TLS, unless the server is on
   * this machine.
   */
  readonly token?: Token | undefined;
}

const ADDRESS = /^(?<host>\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+):(?<port>\d{1,5})$/;
const LOOPBACK_NAME = /^(localhost|\[::1\])$/i;
const MAX_PORT = 65_535;

/** Visible ASCII characters: a header can hold them, and a token has no spaces. */
const TOKEN = /^[\x21-\x7e]+$/;

const CHANNEL_OPTIONS = {
  "grpc.enable_http_proxy": 0,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.service_config_disable_resolution": 1,
  // With the global pool a new channel would get the same dead connection again.
  "grpc.use_local_subchannel_pool": 1,
};

/** The server of a client. */
export class Server {
  readonly #target: string;
  readonly #credentials: ChannelCredentials;
  readonly #token: Token | undefined;

  /**
   * @param address HOST:PORT.
   * @throws TypeError if the address or the token is invalid, or the token needs TLS.
   */
  constructor(address: string, { tls, token }: ServerOptions) {
    const host = hostOf(address);
    if (token !== undefined && !tls && !isLoopback(host)) {
      throw new TypeError("a token needs TLS, unless the server is on this machine");
    }
    if (typeof token === "string") {
      checkToken(token);
    }
    this.#target = `dns:${address}`;
    this.#credentials = credentialsOf(tls);
    this.#token = token;
  }

  /** Opens a channel with a connection of its own. */
  openChannel(): Channel {
    return new Channel(this.#target, this.#credentials, CHANNEL_OPTIONS);
  }

  /** Returns the metadata of a call, with a token if there is one. */
  async metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    if (this.#token !== undefined) {
      const token = typeof this.#token === "function" ? await this.#token() : this.#token;
      metadata.set("authorization", `Bearer ${checkToken(token)}`);
    }
    return metadata;
  }
}

function hostOf(address: string): string {
  const { host, port } = ADDRESS.exec(address)?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > MAX_PORT) {
    throw new TypeError(`the address has to be HOST:PORT, not ${address}`);
  }
  return host;
}

/** Returns whether a host is this machine, without a name lookup. */
function isLoopback(host: string): boolean {
  return LOOPBACK_NAME.test(host) || (isIPv4(host) && host.startsWith("127."));
}

/** Returns a valid token. The error for an invalid one does not contain it. */
function checkToken(token: string): string {
  if (typeof token === "string" && TOKEN.test(token)) {
    return token;
  }
  throw new TypeError("a token has to be a string of visible ASCII characters");
}

function credentialsOf(tls: boolean | TlsOptions | undefined): ChannelCredentials {
  if (!tls) {
    return credentials.createInsecure();
  }
  const { authorities, certificate, key } = tls === true ? {} : tls;
  return credentials.createSsl(bytes(authorities), bytes(key), bytes(certificate));
}

function bytes(pem: string | Uint8Array | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}
