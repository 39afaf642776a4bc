// A shared report: play it where it may be played, and copy the rewrite.

import { startPlayer } from "./player.js";
import { startRewrite } from "./rewrite.js";

const article = document.querySelector(".voicemail");
startPlayer(article);
startRewrite(article);
