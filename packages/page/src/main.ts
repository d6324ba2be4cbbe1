import "./shared/jitless.ts";
import "./shell/app.ts";
