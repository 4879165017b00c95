import { behaviour } from "../modules/behaviour";
import { CaptionsPage } from "../studio/captions";
import { keepPlayable } from "../watch/addresses";

behaviour("form[data-captioning] video", (video) => keepPlayable(video as HTMLVideoElement));

behaviour("form[data-captioning]", (form) => new CaptionsPage(form as HTMLFormElement));
