// Opens channels to the servers of a client, with their addresses, TLS settings and token.

import { type ChannelCredentials, Client as Channel, Metadata, credentials } from "@grpc/grpc-js";

import { type Token, checkTokenOption, currentToken } from "../token.js";
import { type Address, isLoopback, parseAddresses } from "./addresses.js";
import { addTraceContext } from "./trace-context.js";

/** Certificates and key for TLS, in PEM format. */
export interface TlsOptions {
  /** CA certificates that verify the server's certificate. Default: Node's CA certificates. */
  readonly authorities?: string | Uint8Array | undefined;
  /** The client certificate with its chain, if the server requires one. */
  readonly certificate?: string | Uint8Array | undefined;
  /** The private key of that certificate. */
  readonly key?: string | Uint8Array | undefined;
}

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

const CHANNEL_OPTIONS = {
  "grpc.enable_http_proxy": 0,
  "grpc.initial_reconnect_backoff_ms": 200,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.service_config_disable_resolution": 1,
  // A name is looked up again when a connection is lost, at most once a second.
  "grpc.dns_min_time_between_resolutions_ms": 1_000,
  // With the global pool a new channel would get the same dead connection again.
  "grpc.use_local_subchannel_pool": 1,
};

/** The policies of channels to a name: over all its servers, or to any one of them. */
const SPREAD_CALLS = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
const ANY_SERVER = JSON.stringify({
  loadBalancingConfig: [{ pick_first: { shuffleAddressList: true } }],
});

/** The servers of a client. */
export class Servers {
  /** The servers, or the one name in DNS. */
  readonly addresses: readonly [Address, ...Address[]];
  /** How many other servers are tried at once when one is down. */
  readonly spares: number;
  readonly #credentials: ChannelCredentials;
  readonly #token: Token | undefined;
  #nextStream: number;

  /**
   * @param address HOST:PORT, a list of these, or dns:///NAME:PORT.
   * @throws TypeError if the address or the token is invalid, or the token needs TLS.
   */
  constructor(address: string, { tls, token }: ServerOptions) {
    this.addresses = parseAddresses(address);
    checkTokenOption(token, Boolean(tls) || this.addresses.every(isLoopback));
    // DNS may have any number of servers for a name.
    this.spares = this.addresses[0].isName ? 1 : this.addresses.length - 1;
    this.#credentials = credentialsOf(tls);
    this.#token = token;
    this.#nextStream = Math.floor(Math.random() * this.addresses.length);
  }

  /** Opens a channel to a server; over the servers of a name it spreads its calls. */
  openChannel(address: Address): Channel {
    return this.#open(address, SPREAD_CALLS);
  }

  /** Opens a channel, for one stream, to the next server in turn. */
  openStreamChannel(): Channel {
    const next = this.addresses[this.#nextStream] ?? this.addresses[0];
    this.#nextStream = (this.#nextStream + 1) % this.addresses.length;
    return this.#open(next, ANY_SERVER);
  }

  #open({ hostPort, isName }: Address, policy: string): Channel {
    const options = { ...CHANNEL_OPTIONS, ...(isName && { "grpc.service_config": policy }) };
    return new Channel(`dns:${hostPort}`, this.#credentials, options);
  }

  /** Returns the metadata of a call, with a token if there is one, and the caller's trace. */
  async metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    if (this.#token !== undefined) {
      metadata.set("authorization", `Bearer ${await currentToken(this.#token)}`);
    }
    await addTraceContext(metadata);
    return metadata;
  }
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
