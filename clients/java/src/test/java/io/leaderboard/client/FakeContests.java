package io.leaderboard.client;

import io.grpc.stub.StreamObserver;
import io.leaderboard.v1.ContestServiceGrpc;
import io.leaderboard.v1.CreateContestRequest;
import io.leaderboard.v1.CreateContestResponse;
import io.leaderboard.v1.DeleteContestRequest;
import io.leaderboard.v1.DeleteContestResponse;
import io.leaderboard.v1.EraseUserRequest;
import io.leaderboard.v1.EraseUserResponse;
import io.leaderboard.v1.GetContestRequest;
import io.leaderboard.v1.GetContestResponse;
import io.leaderboard.v1.HideUsersRequest;
import io.leaderboard.v1.HideUsersResponse;
import io.leaderboard.v1.ListContestsRequest;
import io.leaderboard.v1.ListContestsResponse;
import io.leaderboard.v1.ListHiddenUsersRequest;
import io.leaderboard.v1.ListHiddenUsersResponse;
import io.leaderboard.v1.ListSeasonsRequest;
import io.leaderboard.v1.ListSeasonsResponse;
import io.leaderboard.v1.RemoveUsersRequest;
import io.leaderboard.v1.RemoveUsersResponse;
import io.leaderboard.v1.ResetContestRequest;
import io.leaderboard.v1.ResetContestResponse;
import io.leaderboard.v1.UnhideUsersRequest;
import io.leaderboard.v1.UnhideUsersResponse;
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
  final ScriptedMethod<ResetContestRequest, ResetContestResponse> reset = new ScriptedMethod<>();
  final ScriptedMethod<ListSeasonsRequest, ListSeasonsResponse> listSeasons =
      new ScriptedMethod<>();
  final ScriptedMethod<DeleteContestRequest, DeleteContestResponse> delete =
      new ScriptedMethod<>();
  final ScriptedMethod<RemoveUsersRequest, RemoveUsersResponse> remove = new ScriptedMethod<>();
  final ScriptedMethod<HideUsersRequest, HideUsersResponse> hide = new ScriptedMethod<>();
  final ScriptedMethod<UnhideUsersRequest, UnhideUsersResponse> unhide = new ScriptedMethod<>();
  final ScriptedMethod<ListHiddenUsersRequest, ListHiddenUsersResponse> listHidden =
      new ScriptedMethod<>();
  final ScriptedMethod<EraseUserRequest, EraseUserResponse> erase = new ScriptedMethod<>();

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

  @Override
  public void resetContest(
      ResetContestRequest request, StreamObserver<ResetContestResponse> observer) {
    reset.call(request, observer);
  }

  @Override
  public void listSeasons(
      ListSeasonsRequest request, StreamObserver<ListSeasonsResponse> observer) {
    listSeasons.call(request, observer);
  }

  @Override
  public void deleteContest(
      DeleteContestRequest request, StreamObserver<DeleteContestResponse> observer) {
    delete.call(request, observer);
  }

  @Override
  public void removeUsers(
      RemoveUsersRequest request, StreamObserver<RemoveUsersResponse> observer) {
    remove.call(request, observer);
  }

  @Override
  public void hideUsers(HideUsersRequest request, StreamObserver<HideUsersResponse> observer) {
    hide.call(request, observer);
  }

  @Override
  public void unhideUsers(
      UnhideUsersRequest request, StreamObserver<UnhideUsersResponse> observer) {
    unhide.call(request, observer);
  }

  @Override
  public void listHiddenUsers(
      ListHiddenUsersRequest request, StreamObserver<ListHiddenUsersResponse> observer) {
    listHidden.call(request, observer);
  }

  @Override
  public void eraseUser(EraseUserRequest request, StreamObserver<EraseUserResponse> observer) {
    erase.call(request, observer);
  }
}
