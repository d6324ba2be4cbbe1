// zod builds its parsers with `new Function` and looks whether it may, which the server's policy reports. It decides
// while schemas are made, so this module comes before every other import.
import * as z from "zod/mini";

z.config({ jitless: true });
