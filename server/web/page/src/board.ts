// The entry of the page of a board, on a screen of any kind or in a frame.

import "../styles/board.css";

import { BoardPage } from "./board-page.js";
import { linkToBoard } from "./contest-header.js";
import { byId } from "./dom.js";
import { boardAddress, readOptions } from "./options.js";
import { startPage } from "./start.js";
import { takeToken, withToken } from "./token.js";

const options = readOptions(location.pathname, location.search);
const { dataset } = document.documentElement;
dataset["surface"] = options.surface;
if (options.theme !== "auto") dataset["theme"] = options.theme;
if (!options.hasHeader) dataset["header"] = "off";
const token = takeToken();
if (options.surface === "embed") {
  const address = boardAddress(options.contestId, { userId: options.userId });
  byId("site").replaceChildren(linkToBoard(withToken(address, token)));
}
startPage(() => new BoardPage(options, token).start());
