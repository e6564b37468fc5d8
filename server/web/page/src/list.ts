// The entry of the list of all boards.

import "../styles/list.css";

import { WebClient } from "@leaderboard/client/browser";

import { ListPage } from "./list-page.js";
import { startPage } from "./start.js";
import { takeToken } from "./token.js";

startPage(() => new ListPage(new WebClient({ token: takeToken() })).start());
