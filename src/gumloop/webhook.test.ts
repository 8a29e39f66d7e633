/** What people paste from Gumloop's webhook panel. */
import { describe, expect, test } from "bun:test";
import { hasCode } from "../core/errors.ts";
import { reveal } from "../core/secret.ts";
import { parseWebhook } from "./webhook.ts";

const ORIGIN = "https://api.gumloop.com";
const KEY = "0123456789abcdef0123456789EXAMPLE";
const USER = "userEXAMPLEabcdefghijkl01234";
const URL_FORM = `https://api.gumloop.com/api/v1/start_pipeline?api_key=${KEY}&user_id=${USER}&saved_item_id=x1`;

const READABLE: Record<string, string> = {
  "the bare URL": URL_FORM,
  "URL with spaces around": `  \n${URL_FORM}\n`,
  "another order": `https://api.gumloop.com/api/v1/start_pipeline?user_id=${USER}&saved_item_id=x&api_key=${KEY}&project_id=p`,
  "HTML escaped": URL_FORM.replaceAll("&", "&amp;"),
  "shell escaped": URL_FORM.replaceAll("&", "\\&"),
  "cURL with bearer": `curl -X POST https://api.gumloop.com/api/v1/start_pipeline \\
    -H "Authorization: Bearer ${KEY}" -H "Content-Type: application/json" \\
    -d '{"user_id": "${USER}", "saved_item_id": "x"}'`,
  "cURL for cmd.exe": `curl -X POST ^"${URL_FORM.replaceAll("&", "^&")}^" ^\r\n  -H ^"Content-Type: application/json^"`,
  "cURL for cmd.exe with bearer": `curl ^"https://api.gumloop.com/api/v1/start_pipeline^" ^\n -H ^"Authorization: Bearer ${KEY}^" ^\n -d ^"{\\^"user_id\\^": \\^"${USER}\\^"}^"`,
  "cURL for PowerShell": `curl.exe -X POST "https://api.gumloop.com/api/v1/start_pipeline" \`\n -H "Authorization: Bearer ${KEY}" \`\n -d "{\`"user_id\`": \`"${USER}\`"}"`,
  PowerShell: `Invoke-RestMethod -Uri "https://api.gumloop.com/api/v1/models" -Headers @{ "Authorization" = "Bearer ${KEY}"; "x-auth-key" = "${USER}" }`,
  "the x-auth-key header": `curl https://api.gumloop.com/api/v1/models -H 'Authorization: Bearer ${KEY}' -H 'X-Auth-Key: ${USER}'`,
  "the x-auth-key header in Java": `.header("Authorization", "Bearer ${KEY}").header("x-auth-key", "${USER}")`,
  "key twice, the same": `curl -X POST "${URL_FORM}" -H 'Authorization: Bearer ${KEY}'`,
  Python: `requests.post("https://api.gumloop.com/api/v1/start_pipeline", headers={"Authorization": "Bearer ${KEY}"}, json={'user_id': '${USER}'})`,
  JavaScript: `fetch("${URL_FORM}", {method: "POST"})`,
  "JavaScript object": `headers: { Authorization: 'Bearer ${KEY}' }, body: JSON.stringify({ user_id: '${USER}' })`,
  Java: `.header("Authorization", "Bearer ${KEY}").POST(ofString("{\\"user_id\\": \\"${USER}\\"}"))`,
  "C++": `curl_slist_append(headers, "Authorization: Bearer ${KEY}"); std::string body = "{\\"user_id\\":\\"${USER}\\"}";`,
};

for (const [name, text] of Object.entries(READABLE)) {
  test(name, () => {
    const found = parseWebhook(text, ORIGIN);
    expect(reveal(found.apiKey)).toBe(KEY);
    expect(found.userId).toBe(USER);
  });
}

describe("a bearer of a request to another host is not taken", () => {
  const bearer = `-H "Authorization: Bearer ${KEY}" -d '{"user_id":"${USER}"}'`;
  test.each([
    `curl https://api.evil.example/x ${bearer}`,
    `curl ${bearer} https://api.evil.example/x`,
    `curl ${bearer} HTTPS://api.evil.example/x`,
    `curl api.evil.example/x ${bearer}`,
    `curl -X POST api.evil.example/x ${bearer}`,
    `curl --url api.evil.example/x ${bearer}`,
    `curl http://api.gumloop.com/api/v1/start_pipeline ${bearer}`,
    `curl https://gumloop.com.evil.example/ ${bearer}`,
    `curl https://api.gumloop.com@evil.example/ ${bearer}`,
    `curl https://evilgumloop.com/ ${bearer}`,
    `curl ${URL_FORM} ${bearer} https://api.openai.com/v1/models`,
    `requests.post("https://api.openai.com/v1/x", headers={"Authorization": "Bearer ${KEY}"}, json={'user_id': '${USER}'})`,
    `axios({ url: "https://api.openai.com/v1/x", headers: { Authorization: "Bearer ${KEY}" }, data: { user_id: "${USER}" } })`,
    `{"url": "https://api.openai.com/v1/x", "headers": {"Authorization": "Bearer ${KEY}"}, "user_id": "${USER}"}`,
  ])("%s", (text) => {
    let error: unknown;
    try {
      parseWebhook(text, ORIGIN);
    } catch (thrown) {
      error = thrown;
    }
    expect(hasCode(error, "E_BASE_URL_MISMATCH")).toBe(true);
    expect(String(error)).not.toContain("EXAMPLE");
  });
  test("addresses among the inputs do not count", () => {
    const text = `curl https://api.gumloop.com/api/v1/start_pipeline -H "Authorization: Bearer ${KEY}" \
      -d '{"user_id": "${USER}", "page": "https://news.example/today"}'`;
    expect(reveal(parseWebhook(text, ORIGIN).apiKey)).toBe(KEY);
  });
  test("the server in force counts as Gumloop's", () => {
    const own = "http://127.0.0.1:8000";
    const text = `curl ${own}/api/v1/start_pipeline ${bearer}`;
    expect(reveal(parseWebhook(text, own).apiKey)).toBe(KEY);
    expect(() => parseWebhook(text, ORIGIN)).toThrow();
  });
});

test("without a user id", () => {
  expect(parseWebhook(`https://www.gumloop.com/x?api_key=${KEY}`, ORIGIN).userId).toBeNull();
});

describe("refused as malformed", () => {
  const refused: Record<string, string> = {
    nothing: "",
    "no key": "curl https://api.gumloop.com/api/v1/models",
    "a placeholder": `-H "Authorization: Bearer YOUR_API_KEY" -d '{"user_id":"xxxxxxxxxxxx"}'`,
    "two keys": `${URL_FORM} Authorization: Bearer another-EXAMPLE`,
    "two users": `${URL_FORM} {"user_id": "somebodyElse"}`,
    "another host": URL_FORM.replace("api.gumloop.com", "gumloop.com.evil.example"),
  };
  for (const [name, text] of Object.entries(refused)) {
    test(name, () => {
      let error: unknown;
      try {
        parseWebhook(text, ORIGIN);
      } catch (thrown) {
        error = thrown;
      }
      expect(hasCode(error, "E_MALFORMED")).toBe(true);
      expect(String(error)).not.toContain("EXAMPLE");
    });
  }
});
