// Provides the gRPC channel for each unary call of a client: to each server in turn.

import { type Client as Channel, connectivityState as state } from "@grpc/grpc-js";

import { DeadlineExceededError, type LeaderboardError } from "../errors.js";
import { isDraining } from "../server-down.js";
import type { Servers } from "./servers.js";
import { type Attempt, unary } from "./unary.js";

/** The milliseconds without a response, while calls wait for one, after which a channel is dead. */
const IDLE_TIMEOUT_MS = 3_900;

/** The limit of an attempt on a server that is not connected while there are others. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Over the servers of a name, attempts without a response that are further apart don't add up. */
const RARE_AFTER_MS = 10_000;

/** The least milliseconds between two forced reconnects, to a server or to a name in DNS. */
const RECONNECT_INTERVAL_MS = 200;
const RESOLVE_INTERVAL_MS = 1_000;

/** How soon a server can take a call; less is better. */
enum Readiness {
  CONNECTED,
  CONNECTING,
  FAILING,
  DRAINING,
}

/**
 * The channels of a client, one for each server, or one for all servers of a name in DNS. Calls go
 * to each in turn; those that are not connected, or drain, get none while another one is connected.
 */
export class ChannelPool {
  readonly #channels: readonly PooledChannel[];
  #next: number;

  constructor(servers: Servers) {
    this.#channels = servers.addresses.map(
      (address) => new PooledChannel(() => servers.openChannel(address), address.isName),
    );
    this.#next = Math.floor(Math.random() * this.#channels.length);
  }

  /**
   * Makes one attempt of a call.
   *
   * @throws LeaderboardError if the attempt fails.
   */
  async unary(path: string, request: Uint8Array, attempt: Attempt): Promise<Uint8Array> {
    const [channel, readiness] = this.#choose();
    if (readiness === Readiness.FAILING) {
      channel.reconnect();
    }
    const isBrief = readiness !== Readiness.CONNECTED && this.#channels.length > 1;
    const timeoutMs = Math.min(attempt.timeoutMs, isBrief ? CONNECT_TIMEOUT_MS : Infinity);
    return channel.unary(path, request, { ...attempt, timeoutMs });
  }

  /** Closes the channels. Calls in flight have to be cancelled before. */
  close(): void {
    this.#channels.forEach((channel) => channel.close());
  }

  /** Returns the next channel in turn of those that can take a call soonest. */
  #choose(): [PooledChannel, Readiness] {
    const { length } = this.#channels;
    const inTurn = this.#channels.map((_, index) => (this.#next + index) % length);
    const [first, ...others] = inTurn.map((index) => {
      const channel = this.#channels[index] as PooledChannel;
      return { index, channel, readiness: channel.readiness() };
    });
    const chosen = others.reduce(
      (best, other) => (other.readiness < best.readiness ? other : best),
      first as NonNullable<typeof first>,
    );
    this.#next = (chosen.index + 1) % length;
    return [chosen.channel, chosen.readiness];
  }
}

/**
 * The channel to one server.
 *
 * grpc-js reconnects by itself when a connection breaks. But it keeps using a connection whose peer
 * vanished silently until the system closes it, after about 15 minutes. So when an attempt gets no
 * response and the channel was idle for the idle timeout, a new channel replaces it. The servers of a
 * name share a channel, and responses of one say nothing about another: there the idle time is that
 * in which attempts waited that got no response.
 */
class PooledChannel {
  readonly #open: () => Channel;
  readonly #isName: boolean;
  #channel: Channel;
  #openedAt = performance.now();
  #isDraining = false;
  #inFlight = 0;
  /** The milliseconds without a response, while calls waited, until `#waitingSince`. */
  #waitedMs = 0;
  #waitingSince = 0;
  /** The milliseconds of the attempts without a response, and when the last of them ended. */
  #unansweredMs = 0;
  #unansweredUntil = -Infinity;

  constructor(open: () => Channel, isName: boolean) {
    this.#open = open;
    this.#isName = isName;
    this.#channel = open();
  }

  /** Returns how soon the server can take a call, and connects to it if it is not connected. */
  readiness(): Readiness {
    const found = this.#channel.getChannel().getConnectivityState(true);
    // Until there is a new connection, it is to the server that drains.
    this.#isDraining &&= found === state.READY;
    if (this.#isDraining) {
      return Readiness.DRAINING;
    }
    if (found === state.READY) {
      return Readiness.CONNECTED;
    }
    return found === state.TRANSIENT_FAILURE ? Readiness.FAILING : Readiness.CONNECTING;
  }

  /** Connects now; after a failed attempt, grpc-js alone would wait. */
  reconnect(): void {
    const interval = this.#isName ? RESOLVE_INTERVAL_MS : RECONNECT_INTERVAL_MS;
    if (performance.now() - this.#openedAt >= interval) {
      this.#replace();
    }
  }

  async unary(path: string, request: Uint8Array, attempt: Attempt): Promise<Uint8Array> {
    const channel = this.#channel;
    const beganAt = performance.now();
    this.#countWaiting(1);
    try {
      const response = await unary(channel, path, request, attempt);
      this.#waitedMs = 0;
      return response;
    } catch (error) {
      if (channel === this.#channel) {
        this.#observeFailure(error as LeaderboardError, attempt.signal, beganAt);
      }
      throw error;
    } finally {
      this.#countWaiting(-1);
    }
  }

  close(): void {
    this.#channel.close();
  }

  /** Adds up the time during which calls wait. */
  #countWaiting(change: number): void {
    const now = performance.now();
    this.#waitedMs += this.#inFlight > 0 ? now - this.#waitingSince : 0;
    this.#waitingSince = now;
    this.#inFlight += change;
  }

  #observeFailure(error: LeaderboardError, signal: AbortSignal, beganAt: number): void {
    this.#countWaiting(0);
    if (!isUnanswered(error, signal)) {
      this.#waitedMs = 0;
    } else if (this.#idleMs(beganAt) >= IDLE_TIMEOUT_MS) {
      this.#replace();
    }
    this.#isDraining ||= isDraining(error);
  }

  /** Returns the milliseconds without a response, after an attempt without one. */
  #idleMs(beganAt: number): number {
    if (!this.#isName) {
      return this.#waitedMs;
    }
    const now = performance.now();
    if (beganAt - this.#unansweredUntil > RARE_AFTER_MS) {
      this.#unansweredMs = 0;
    }
    this.#unansweredMs += now - Math.max(beganAt, this.#unansweredUntil);
    this.#unansweredUntil = now;
    return Math.max(this.#unansweredMs, now - beganAt);
  }

  /** Opens a new channel. Calls in flight on the old one end by their own deadlines. */
  #replace(): void {
    this.#channel.close();
    this.#channel = this.#open();
    this.#openedAt = performance.now();
    this.#isDraining = false;
    this.#waitedMs = 0;
    this.#unansweredMs = 0;
  }
}

/** Returns whether an attempt ended without a response, by its deadline or its caller. */
function isUnanswered(error: LeaderboardError, signal: AbortSignal): boolean {
  return signal.aborted || (error instanceof DeadlineExceededError && !error.reason);
}
