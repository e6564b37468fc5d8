package io.leaderboard.client;

import io.grpc.stub.StreamObserver;
import io.leaderboard.v1.ContestServiceGrpc;
import io.leaderboard.v1.CreateContestRequest;
import io.leaderboard.v1.CreateContestResponse;
import io.leaderboard.v1.GetContestRequest;
import io.leaderboard.v1.GetContestResponse;
import io.leaderboard.v1.ListContestsRequest;
import io.leaderboard.v1.ListContestsResponse;
import io.leaderboard.v1.UpdateContestRequest;
import io.leaderboard.v1.UpdateContestResponse;

/** The contests of a {@link FakeService}. */
final class FakeContests extends ContestServiceGrpc.ContestServiceImplBase {
  final ScriptedMethod<CreateContestRequest, CreateContestResponse> create =
      new ScriptedMethod<>();
  final ScriptedMethod<GetContestRequest, GetContestResponse> get = new ScriptedMethod<>();
  final ScriptedMethod<ListContestsRequest, ListContestsResponse> list = new ScriptedMethod<>();
  final ScriptedMethod<UpdateContestRequest, UpdateContestResponse> update =
      new ScriptedMethod<>();

  @Override
  public void createContest(
      CreateContestRequest request, StreamObserver<CreateContestResponse> observer) {
    create.call(request, observer);
  }

  @Override
  public void getContest(GetContestRequest request, StreamObserver<GetContestResponse> observer) {
    get.call(request, observer);
  }

  @Override
  public void listContests(
      ListContestsRequest request, StreamObserver<ListContestsResponse> observer) {
    list.call(request, observer);
  }

  @Override
  public void updateContest(
      UpdateContestRequest request, StreamObserver<UpdateContestResponse> observer) {
    update.call(request, observer);
  }
}
