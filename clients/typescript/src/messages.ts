// The generated messages and what reads and writes them, for those who want a watch's own messages.

export { create, fromBinary, fromJson, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
export * from "./gen/leaderboard/v1/error_reason_pb.js";
export * from "./gen/leaderboard/v1/leaderboard_pb.js";
