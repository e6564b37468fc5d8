// Words an error for people: what is wrong, and what to do about it.

/** What of an error decides on its words. */
export interface Failure {
  readonly message: string;
  /** The name of the status code, where there is one. */
  readonly code?: string;
  readonly reason?: string;
}

/** An error in words. */
export interface ErrorText {
  readonly title: string;
  readonly advice: string;
}

/** Returns the words for an error. */
export function errorText({ code, reason, message }: Failure): ErrorText {
  if (reason === "ERROR_REASON_SEASON_NOT_FOUND") {
    return { title: "This season is not kept", advice: "Choose another season of the contest." };
  }
  switch (code) {
    case "UNAUTHENTICATED":
      return {
        title: "A token is needed",
        advice: "Open the page again with your token at the end of its address: #token=\u2026",
      };
    case "PERMISSION_DENIED":
      return {
        title: "Not allowed",
        advice: "The operator of this site does not allow this page.",
      };
    case "NOT_FOUND":
      return {
        title: "No such contest",
        advice: "Check the address of the page, or look for the contest in the list of all boards.",
      };
    case "INVALID_ARGUMENT":
    case "OUT_OF_RANGE":
      return { title: "The address is not right", advice: `Correct it: ${message}.` };
    case "RESOURCE_EXHAUSTED":
      return { title: "Too many viewers", advice: "Wait a minute, then reload the page." };
    case "UNAVAILABLE":
    case "DEADLINE_EXCEEDED":
      return {
        title: "The boards can\u2019t be reached",
        advice: "Reload the page in a minute, or check your connection.",
      };
    default:
      return {
        title: "This can\u2019t be shown",
        advice: `Reload the page in a minute, or ask the operator of this site: ${message}.`,
      };
  }
}
