// A service that answers as a test defines, and a relay to it that can be muted.

import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import type { TestContext } from "node:test";

import {
  type DescMessage,
  type DescMethod,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
  create,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import {
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  status,
} from "@grpc/grpc-js";

import { Client, type ClientOptions } from "../src/node/client.js";
import { ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";
import {
  type BatchUpdateScoresRequest,
  type BatchUpdateScoresResponse,
  LeaderboardService,
  type UpdateScoreRequest,
  type UpdateScoreResponse,
  UpdateScoreResponseSchema,
  type WatchContestRequest,
  type WatchContestResponse,
} from "../src/gen/leaderboard/v1/leaderboard_pb.js";

export type Update = ServerUnaryCall<UpdateScoreRequest, UpdateScoreResponse>;
export type Batch = ServerUnaryCall<BatchUpdateScoresRequest, BatchUpdateScoresResponse>;
export type Watch = ServerWritableStream<WatchContestRequest, WatchContestResponse>;

type Done<O> = (error: Partial<StatusObject> | null, response?: O) => void;

/** The answers of the service: a call gets a response, the status that is thrown, or neither. */
export interface Behaviour {
  update?: (call: Update) => Promise<UpdateScoreResponse>;
  batch?: (call: Batch) => Promise<BatchUpdateScoresResponse>;
  watch?: (call: Watch) => void;
  others?: readonly Answer[];
}

/** What the service answers to the calls of one method. */
interface Answer {
  readonly method: DescMethodUnary;
  readonly handler: (call: ServerUnaryCall<never, unknown>, done: Done<unknown>) => void;
}

/** Answers the calls of a method with what a function returns or throws. */
export function answer<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  respond: (request: MessageShape<I>) => MessageInitShape<O>,
): Answer {
  const handler = (
    { request }: ServerUnaryCall<MessageShape<I>, unknown>,
    done: Done<unknown>,
  ): void => {
    try {
      done(null, create(method.output, respond(request)));
    } catch (error) {
      done(error as Partial<StatusObject>);
    }
  };
  return { method, handler };
}

/** Returns the status of a call that the service refuses for a reason. */
export function refusal(
  code: status,
  reason: string,
  metadata: Record<string, string>,
): Partial<StatusObject> {
  const info = create(ErrorInfoSchema, { reason, domain: "leaderboard.v1", metadata });
  const details = create(StatusSchema, { details: [anyPack(ErrorInfoSchema, info)] });
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, details)));
  return { code, details: "refused", metadata: trailers };
}

/** Starts the service on an address, by default on a free port; `stop` must follow. */
export async function serve(
  {
    update = () => Promise.reject({ code: status.UNIMPLEMENTED }),
    batch = () => Promise.reject({ code: status.UNIMPLEMENTED }),
    watch = (call) => call.end(),
    others = [],
  }: Behaviour,
  at = "127.0.0.1:0",
): Promise<{ address: string; stop: () => void }> {
  const server = new Server();
  const { updateScore, batchUpdateScores, watchContest } = LeaderboardService.method;
  server.addService(
    {
      update: definition(updateScore),
      batch: definition(batchUpdateScores),
      watch: { ...definition(watchContest), responseStream: true },
      ...Object.fromEntries(others.map(({ method }) => [method.name, definition(method)])),
    },
    {
      update: (call: Update, done: Done<UpdateScoreResponse>) => {
        update(call).then((response) => done(null, response), done);
      },
      batch: (call: Batch, done: Done<BatchUpdateScoresResponse>) => {
        batch(call).then((response) => done(null, response), done);
      },
      watch,
      ...Object.fromEntries(others.map(({ method, handler }) => [method.name, handler])),
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { address: `${at.split(":")[0]}:${port}`, stop: () => server.forceShutdown() };
}

function definition<I extends DescMessage, O extends DescMessage>({
  parent,
  name,
  input,
  output,
}: DescMethod & { input: I; output: O }): MethodDefinition<MessageShape<I>, MessageShape<O>> {
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}

/** Starts a relay to a server. `mute` makes its present connections dead, but keeps them open. */
export async function relayTo(
  address: string,
  onPort = 0,
): Promise<{ address: string; mute: () => void; stop: () => void }> {
  const port = Number(address.split(":")[1]);
  const open = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
    }
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => relay.listen(onPort, "127.0.0.1", resolve));
  const mute = (): void => {
    for (const socket of open) {
      socket.unpipe();
      socket.resume();
    }
  };
  const stop = (): void => {
    relay.close();
    for (const socket of open) {
      socket.destroy();
    }
  };
  return { address: `127.0.0.1:${(relay.address() as AddressInfo).port}`, mute, stop };
}

/** An update as a client sends it. */
export const UPDATE = { contestId: "chess", userId: "ada", points: 5 };

/** The response to an accepted update. */
export const ACCEPTED = create(UpdateScoreResponseSchema, {
  user: { userId: "ada", score: 2n ** 53n, rank: 1 },
  position: { epoch: "e", revision: 1n },
});

/** Starts the service and a client of it; both end with the test. */
export async function startClient(
  context: TestContext,
  behaviour: Behaviour | NonNullable<Behaviour["update"]>,
  options: ClientOptions = {},
): Promise<Client> {
  const service = await serve(typeof behaviour === "function" ? { update: behaviour } : behaviour);
  const client = new Client(service.address, options);
  context.after(() => {
    client.close();
    service.stop();
  });
  return client;
}
