/// A regular expression for secrets in free text, and what else must hold of what it finds.
struct SecretPattern: Sendable {
    /// What is asked of a match beside the expression.
    enum Check: Sendable {
        case none
        /// Base64 of `user:password`.
        case basicCredential
        /// The name that ends at the match is a secret one, and the value is no ordinary word.
        case assignment
        /// The group `name` is a secret one in a query; the value may be percent-encoded.
        case query
        /// The value is no ordinary word.
        case plausible
        /// The value may be percent-encoded.
        case percentEncoded
        /// Of `Cookie` and `Set-Cookie` lines the values alone.
        case cookie, setCookie
    }

    var name: String
    var regex: String
    /// Texts of which one must occur (in ASCII, whatever case) for the expression to be tried; empty: always tried.
    var anchors: [String]
    /// What must stand near an anchor as well.
    var condition: AnchorFilter.Condition
    var check: Check

    init(
        _ name: String, _ regex: String, anchors: [String] = [], near condition: AnchorFilter.Condition = .none,
        check: Check = .none
    ) {
        self.name = name
        self.regex = regex
        self.anchors = anchors
        self.condition = condition
        self.check = check
    }

    /// Bytes that end an unquoted value of `assignment` and `query`, whose expressions take at most 512 at a time.
    static func endsValue(_ byte: UInt8, in check: Check) -> Bool {
        switch byte {
        case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "&"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: ";"), UInt8(ascii: "\\"):
            true
        case UInt8(ascii: ","), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "["), UInt8(ascii: "]"):
            if case .query = check { false } else { true }
        case UInt8(ascii: "#"):
            if case .query = check { true } else { false }
        default: false
        }
    }

    /// The patterns of every redaction: credentials told by their issuer's form, then credentials told by what names them.
    static let standard: [SecretPattern] = issued + named

    private static let issued: [SecretPattern] = [
        SecretPattern(
            "jwt",
            #"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]{2,}+\.[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]++)?"#,
            anchors: ["eyj"]),
        SecretPattern(
            "aws-access-key-id",
            #"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}(?![A-Za-z0-9])"#,
            anchors: ["akia", "asia", "abia", "acca", "agpa", "aida", "aroa", "anpa"]),
        SecretPattern(
            "aws-secret-access-key",
            #"(?i)(?:secret|aws)[a-z_ -]{0,24}["']?\s*[:=]>?\s*["']?(?<secret>[a-z0-9/+]{40})(?![a-z0-9/+=])"#,
            anchors: ["secret", "aws"], near: .signBehind),
        SecretPattern(
            "github", #"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})"#,
            anchors: ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]),
        SecretPattern(
            "gitlab",
            #"(?<![A-Za-z0-9])(?:gl(?:pat|dt|rt|ptt|cbt|imt|ft|soat|agent)-|GR1348941)[A-Za-z0-9_-]{16,}"#,
            anchors: [
                "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glimt-", "glft-", "glsoat-", "glagent-", "gr1348941",
            ]),
        SecretPattern(
            "slack", #"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"#,
            anchors: ["xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"]),
        SecretPattern(
            "slack-webhook", #"hooks\.slack\.com/(?:services|workflows)/(?<secret>[A-Za-z0-9/_-]{16,})"#,
            anchors: ["hooks.slack.com"]),
        SecretPattern("sk", #"(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]{0,64}[0-9])[A-Za-z0-9_-]{16,}"#, anchors: ["sk-"]),
        SecretPattern(
            "google",
            #"(?<![A-Za-z0-9])(?:AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,})"#,
            anchors: ["aiza", "ya29.", "gocspx-", "1//0"]),
        SecretPattern(
            "stripe", #"(?<![A-Za-z0-9])(?:(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,}={0,2})"#,
            anchors: ["sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"]),
        SecretPattern(
            "package-registry", #"(?<![A-Za-z0-9])(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{32,})"#,
            anchors: ["npm_", "pypi-"]),
        SecretPattern(
            "sendgrid", #"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}"#, anchors: ["sg."]),
        SecretPattern(
            "hugging-face", #"(?<![A-Za-z0-9])(?:hf|api_org)_[A-Za-z0-9]{20,}"#, anchors: ["hf_", "api_org_"]),
        SecretPattern(
            "cloud-token",
            #"(?<![A-Za-z0-9])(?:do[opr]_v1_[0-9a-f]{64}|dapi[0-9a-f]{32}|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|gsk_[A-Za-z0-9]{32,}|xai-[A-Za-z0-9]{32,}|lin_api_[A-Za-z0-9]{32,}|key-[0-9a-f]{32}|SK[0-9a-f]{32}|AGE-SECRET-KEY-1[0-9A-Z]{40,})(?![A-Za-z0-9])"#,
            anchors: [
                "doo_v1_", "dop_v1_", "dor_v1_", "dapi", "shpat_", "shpca_", "shppa_", "shpss_", "gsk_", "xai-",
                "lin_api_", "key-", "sk0", "sk1", "sk2", "sk3", "sk4", "sk5", "sk6", "sk7", "sk8", "sk9", "ska", "skb",
                "skc", "skd", "ske", "skf", "age-secret-key-1",
            ]),
        SecretPattern(
            "telegram", #"(?<![0-9])[0-9]{8,10}:(?<secret>AA[A-Za-z0-9_-]{33})(?![A-Za-z0-9_-])"#,
            anchors: [":aa"]),
    ]

    private static let named: [SecretPattern] = [
        SecretPattern(
            "bearer",
            #"(?i)\bbearer[ \t]+(?<secret>(?:(?=[a-z._~+/=-]{0,64}[0-9])[a-z0-9._~+/=-]{8,}|[a-z0-9._~+/=-]{24,}))"#,
            anchors: ["bearer"]),
        SecretPattern(
            "basic", #"(?i)\bbasic[ \t]+(?<secret>[a-z0-9+/]{6,}+={0,2})"#, anchors: ["basic"], check: .basicCredential),
        SecretPattern(
            "authorization",
            #"(?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?(?:(?:bearer|basic|token|digest|negotiate|api-?key|dpop)[ \t]+(?<secret>[^\s"',;\\]{6,512}+))"#,
            anchors: ["authorization"]),
        SecretPattern(
            "authorization-value", #"(?i)\bauthorization["']?[ \t]*[:=][ \t]*["']?(?<secret>[^\s"',;\\]{8,512}+)"#,
            anchors: ["authorization"], check: .plausible),
        SecretPattern(
            "cookie", #"(?i)(?<![a-z-])cookie["']?:[ \t]*(?<secret>[^\s=;,"'\\]++=[^\r\n"'\\]++)"#, anchors: ["cookie"],
            check: .cookie),
        SecretPattern(
            "set-cookie", #"(?i)\bset-cookie["']?:[ \t]*(?<secret>[^\s=;,"'\\]++=[^\r\n"'\\]++)"#,
            anchors: ["set-cookie"], check: .setCookie),
        SecretPattern(
            "url-password", #"://[^\s/?#@:"'<>\\]*+:(?<secret>[^\s/?#"'<>\\]+)@"#, anchors: ["://"],
            check: .percentEncoded),
        SecretPattern(
            "query-value",
            #"(?:^|[?&;#])(?<name>[A-Za-z0-9_.~%\[\]$-]{1,64}+)=(?<secret>[^\s"'`<>;\\&#]{1,512}+)"#,
            anchors: [
                "token=", "key=", "sig=", "signature=", "code=", "secret=", "password=", "passwd=", "passphrase=",
                "passcode=", "pwd=", "pass=", "auth=", "authorization=", "verifier=", "assertion=", "credential=",
                "credentials=", "session=", "sessionid=", "session_id=", "sid=", "jwt=", "sas=", "pin=", "otp=",
                "keyid=", "accessid=", "%5d=", "cookie=",
            ], check: .query),
        SecretPattern(
            "assignment",
            #"(?i)(?<name>(?:passw(?:or)?d|passphrase|passcode|pwd|(?:api|access|secret|private|auth|encryption|signing|account|shared|master)[ _-]?key|secret|token|credential|jwt)s?(?:[_-]?[0-9]{1,3})?(?-i:_[A-Z0-9_]{1,32}+)?)(?:["'`]?\]?\s{0,8}[:=]{1,3}>?\s{0,8}|[ ]is[ ])(?|"(?<secret>[^"\\\r\n]*+(?:\\.[^"\\\r\n]*+)*+)|'(?<secret>[^'\\\r\n]*+(?:\\.[^'\\\r\n]*+)*+)|(?<secret>[^\s"'`,;&<>(){}\[\]\\]{1,512}+))"#,
            anchors: [
                "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey", "api_key",
                "api-key",
                "api key", "accesskey", "access_key", "access-key", "access key", "privatekey", "private_key",
                "private-key", "private key", "auth_key", "auth-key", "authkey", "auth key", "encryption", "signing",
                "accountkey", "account_key", "sharedkey", "shared_key",
                "account-key", "account key", "shared-key", "shared key", "masterkey", "master_key", "master-key",
                "master key", "credential", "jwt",
            ], near: .signBehind, check: .assignment),
        SecretPattern(
            "option",
            #"(?i)--[a-z0-9-]{0,32}?(?:token|password|passwd|passphrase|secret|api-?key|access-?key|private-?key|credentials?)[ \t]+(?!-)["']?(?<secret>[^\s"'\\]{4,512}+)"#,
            anchors: ["token", "password", "passwd", "passphrase", "secret", "key", "credential"], near: .dashesBefore,
            check: .plausible),
        SecretPattern(
            "element",
            #"(?i)<(?:password|passwd|secret|token|api_?key|access_?token|client_?secret|private_?key)>(?<secret>[^<\\]{1,4096}+)</"#,
            anchors: [
                "<password>", "<passwd>", "<secret>", "<token>", "<apikey>", "<api_key>", "<accesstoken>",
                "<access_token>", "<clientsecret>", "<client_secret>", "<privatekey>", "<private_key>",
            ]),
    ]
}
