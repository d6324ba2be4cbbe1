// zod builds its parsers with `new Function` and looks whether it may: under this page's policy the look alone is
// reported. It decides while schemas are made, so this module comes before every other import of the page.
import * as z from "zod/mini";

z.config({ jitless: true });
