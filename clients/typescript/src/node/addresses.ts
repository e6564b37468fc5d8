// Addresses of servers: HOST:PORT, a list of them, or a name in DNS.

import { isIPv4 } from "node:net";

/** One server, or a name in DNS for all servers. */
export interface Address {
  /** The server, or the name with the port of its servers. */
  readonly hostPort: string;
  /** Whether the servers are those that DNS has for the name. */
  readonly isName: boolean;
}

/** Begins an address that stands for every server that DNS has for a name. */
const DNS_SCHEME = "dns:///";

const ADDRESS = /^(?<host>\[[0-9a-fA-F:.%]+\]|[^\s:/[\]?#@%\0]+):(?<port>\d{1,5})$/;
const LOOPBACK_NAME = /^(localhost|\[::1\])$/i;
const MAX_PORT = 65_535;

/**
 * Reads HOST:PORT, a list of them separated by commas, or dns:///NAME:PORT. A server that is listed
 * twice counts once, also if upper and lower case differ.
 *
 * @throws TypeError if the text, or an item of the list, is none of these.
 */
export function parseAddresses(text: string): readonly [Address, ...Address[]] {
  if (typeof text === "string" && text.startsWith(DNS_SCHEME) && !text.includes(",")) {
    const hostPort = text.slice(DNS_SCHEME.length);
    if (hostOf(hostPort)?.startsWith("[") !== false) {
      throw new TypeError(`'${text}' is not dns:///NAME:PORT`);
    }
    return [{ hostPort, isName: true }];
  }
  const servers = String(text).split(",").map(parseServer);
  const names = servers.map(({ hostPort }) => hostPort.toLowerCase());
  const [first, ...others] = servers.filter((_, index) => names.indexOf(names[index] as string) === index);
  return [first as Address, ...others];
}

/** Returns whether a server is this machine, without a name lookup. */
export function isLoopback({ hostPort }: Address): boolean {
  const host = hostOf(hostPort) ?? "";
  return LOOPBACK_NAME.test(host) || (isIPv4(host) && host.startsWith("127."));
}

function parseServer(item: string): Address {
  if (item.startsWith(DNS_SCHEME)) {
    throw new TypeError(`'${item}' can't be in a list`);
  }
  if (hostOf(item) === undefined) {
    throw new TypeError(`'${item}' is not HOST:PORT`);
  }
  return { hostPort: item, isName: false };
}

function hostOf(hostPort: string): string | undefined {
  const { host, port } = ADDRESS.exec(hostPort)?.groups ?? {};
  return Number(port) >= 1 && Number(port) <= MAX_PORT ? host : undefined;
}
