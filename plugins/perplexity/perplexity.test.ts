import { testVendor } from "../../test/support/plugin-table.ts";
import { perplexity } from "./index.ts";

// No answers: no request of Perplexity's is free, so none is sent.
testVendor(perplexity, "pplx-EXAMPLEabcdefghijklmnopqrstuvwxyz0123456789ABCD", []);
