// The server of a client: where it is, how connections to it are made, and who calls.

import { isIPv4 } from "node:net";

import { Client, type ChannelCredentials, Metadata, credentials } from "@grpc/grpc-js";

/** How the client and the server prove who they are. All in PEM. */
export interface TlsOptions {
  /** The authorities that may vouch for the server. Default: those that Node trusts. */
  readonly authorities?: string | Uint8Array | undefined;
  /** The client's certificate and those that lead to its authority, where the server asks. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
}

/** A token, or what gives one for each call. */
export type Token = string | (() => string | Promise<string>);

/** Where the server is, and who calls it. */
export interface ServerOptions {
  /** Encrypts. `true`: with the authorities that Node trusts. Default: no TLS. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Sent with each call as `authorization: Bearer <token>`. Only with TLS, or on this machine. */
  readonly token?: Token | undefined;
}

const ADDRESS = /^(?<host>\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+):(?<port>\d{1,5})$/;
const LOOPBACK_NAME = /^(localhost|\[::1\])$/i;
const HIGHEST_PORT = 65_535;

/** What a header can hold; tokens have no spaces. */
const TOKEN = /^[\x21-\x7e]+$/;

const CHANNEL = {
  "grpc.enable_http_proxy": 0,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.service_config_disable_resolution": 1,
  // The library would otherwise hand out again a connection that fell silent.
  "grpc.use_local_subchannel_pool": 1,
};

/** A server, by its address. */
export class Server {
  readonly #target: string;
  readonly #credentials: ChannelCredentials;
  readonly #token: Token | undefined;

  /**
   * @param address HOST:PORT.
   * @throws TypeError if the address is none, or the token can't be sent or would be in the clear.
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
  open(): Client {
    return new Client(this.#target, this.#credentials, CHANNEL);
  }

  /** Returns what is sent before a request. */
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
  if (host === undefined || Number(port) < 1 || Number(port) > HIGHEST_PORT) {
    throw new TypeError(`the address has to be HOST:PORT, not ${address}`);
  }
  return host;
}

/** Tells that a host is this machine, whatever a name server says. */
function isLoopback(host: string): boolean {
  return LOOPBACK_NAME.test(host) || (isIPv4(host) && host.startsWith("127."));
}

/** Returns the token; what is wrong with another one is told without telling the token. */
function checkToken(token: string): string {
  if (typeof token === "string" && TOKEN.test(token)) {
    return token;
  }
  throw new TypeError("a token has to be a text of visible ASCII characters");
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
