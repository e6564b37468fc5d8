// The generated messages with functions to read and write them, for users of `WatchUpdate.message`.

export { create, fromBinary, fromJson, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
export * from "./gen/leaderboard/v1/error_reason_pb.js";
export * from "./gen/leaderboard/v1/leaderboard_pb.js";
