/// What the name of a JSON member says about its value.
enum NameMeaning: UInt8, Sendable {
    /// Nothing: patterns and known secrets are still looked for.
    case plain
    /// Its strings are secrets.
    case secret
    /// Its strings and numbers are secrets.
    case secretOrNumber
    /// Header fields with a form of their own, of which only a part is secret.
    case authorization, cookie, setCookie
    /// An object (or list) of environment variables.
    case environment
    /// A JSON Schema: its member names describe values and have none.
    case schema
    /// Neither position nor patterns make it a secret.
    case keep
    /// `progressToken` and `requestId`, values of the protocol where the protocol puts them.
    case protocolToken
    /// `_meta`.
    case meta
    /// `name` and `value` of a pair such as a header in a list.
    case pairName, pairValue
}

/// Tells secret names from ordinary ones: member names, variables, options, query parameters.
struct SecretNames: Sendable {
    private let meanings: [String: NameMeaning]

    /// Names as a rules file adds them, in any spelling; `keys` wins over the standard, `keeps` over everything.
    init(keys: [String], keeps: [String]) {
        var meanings: [String: NameMeaning] = [:]
        for (meaning, names) in Self.standard {
            for name in names { meanings[name] = meaning }
        }
        for name in keys { meanings[Self.normalized(Array(name.utf8))] = .secretOrNumber }
        for name in keeps { meanings[Self.normalized(Array(name.utf8))] = .keep }
        self.meanings = meanings
    }

    /// Names by meaning, lower-cased without `_` and `-`; what a name's last word says comes on top (`lastWords`).
    static let standard: [(NameMeaning, [String])] = [
        (.authorization, ["authorization", "proxyauthorization", "authorizationheader"]),
        (.cookie, ["cookie", "cookies"]), (.setCookie, ["setcookie"]),
        (
            .secretOrNumber,
            [
                "password", "passwords", "passwd", "passphrase", "passcode", "secret", "secrets", "pin", "pincode",
                "otp",
                "totp", "cvv", "cvc", "clientsecret",
            ]
        ),
        (
            .secret,
            [
                "apikey", "xapikey", "apikeys", "token", "accesstoken", "refreshtoken", "idtoken", "authtoken",
                "xauthtoken", "bearertoken", "sessiontoken", "privatekey", "secretkey", "accesskey", "secretaccesskey",
                "credential", "credentials", "codeverifier", "clientassertion", "devicecode",
                "registrationaccesstoken", "subjecttoken", "actortoken", "csrftoken", "xsrftoken", "jwt",
                "sessioncookie",
                "mcpsessionid", "usercode", "connectionstring", "accountkey", "sharedaccesskey",
            ]
        ),
        (.environment, ["env", "environ", "environment", "envvars", "environmentvariables"]),
        (.schema, ["inputschema", "outputschema", "requestedschema", "jsonschema"]),
        (
            .keep,
            [
                "maxtokens", "nextcursor", "cursor", "tokens", "inputtokens", "outputtokens", "totaltokens",
                "tokencount",
                "tokentype", "pagetoken", "nextpagetoken", "nexttoken", "prevpagetoken", "previouspagetoken",
                "continuationtoken", "synctoken", "nextsynctoken", "starttoken", "stoptoken", "endtoken", "bostoken",
                "eostoken", "padtoken", "masktoken", "unktoken", "septoken", "clstoken", "cancellationtoken",
                "canceltoken", "lasttoken", "firsttoken", "maxtoken", "mintoken", "pertoken", "costpertoken",
                "publictoken",
            ]
        ),
        (.protocolToken, ["progresstoken", "requestid"]), (.meta, ["meta"]),
        (.pairName, ["name", "key", "header", "field"]), (.pairValue, ["value"]),
    ]

    /// Names that end in one of these words are secret (`DB_PASSWORD`, `githubToken`).
    static let lastWords: Set<String> = [
        "password", "passwd", "passphrase", "passcode", "secret", "secrets", "token", "credential", "credentials",
        "apikey", "jwt", "privatekey", "secretkey", "accesskey",
    ]

    /// Names that end in `key` are secret after one of these words (`stripe_secret_key`).
    static let wordsBeforeKey: Set<String> = [
        "api", "secret", "access", "private", "auth", "encryption", "signing", "account", "shared", "master", "service",
        "session", "ssh", "rsa", "hmac", "aes", "deploy", "webhook", "subscription",
    ]

    /// Last words of names that tell something about a secret (`TOKEN_URL`, `PASSWORD_FILE`).
    static let describingWords: Set<String> = [
        "name", "id", "ids", "type", "url", "uri", "endpoint", "host", "path", "file", "dir", "count", "limit", "max",
        "min",
        "expiry", "expires", "ttl", "hint", "length", "len", "size", "policy", "prefix", "suffix", "header", "field",
        "arn",
        "version", "provider", "manager", "store", "backend", "format", "mode", "level", "algorithm", "issuer",
        "audience",
        "scope", "scopes", "enabled", "required", "usage", "budget", "error", "invalid", "missing", "expired",
    ]

    /// Words that make an environment variable's value worth hiding wherever it comes.
    static let variableWords: Set<String> = [
        "key", "apikey", "token", "secret", "secrets", "password", "passwd", "passphrase", "pass", "pwd", "credential",
        "credentials", "auth", "jwt", "cookie", "pat", "private",
    ]

    /// Names of query parameters that are secret in a URL and ordinary words elsewhere.
    static let queryNames: Set<String> = [
        "key", "sig", "signature", "code", "auth", "session", "sessionid", "sid", "pwd", "pass", "sas", "assertion",
        "xamzsignature", "xgoogsignature", "xamzcredential", "awsaccesskeyid", "googleaccessid",
    ]

    /// Names of parameters that are made for one login and then compared: a replay needs them as variables.
    static let oneTimeNames: Set<String> = ["state", "nonce", "codechallenge", "csrf", "xsrf", "relaystate"]

    /// The fewest bytes that make a value under one of `oneTimeNames` such a one: `state=open` is a word.
    static let oneTimeByteCountMin = 16

    /// Ends of names that are secret in a form, however the words are put together (`csrfmiddlewaretoken`).
    static let formNameEnds = ["token", "password", "passwd", "secret", "apikey", "verifier", "assertion"]

    func meaning(of name: some BidirectionalCollection<UInt8>) -> NameMeaning {
        let normalized = Self.normalized(name)
        if let meaning = meanings[normalized] {
            // `meta` is an ordinary word; only `_meta` is the protocol's.
            return meaning == .meta && name.first != UInt8(ascii: "_") ? .plain : meaning
        }
        // A name that ends in a placeholder ends in the word `secret`, and says nothing.
        if SecretValues.endsInPlaceholder(name) { return .plain }
        let words = Self.words(of: name)
        if Self.endsInSecretWord(words) { return .secret }
        let isConstant = name.allSatisfy { Self.isUpper($0) || Self.isDigit($0) || $0 == UInt8(ascii: "_") }
        return isConstant && Self.holdsSecretWord(words) ? .secret : .plain
    }

    /// Whether a value under this name is a secret in free text, on a command line or in a form.
    func isSecret(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        switch meaning(of: name) {
        case .secret, .secretOrNumber, .authorization, .cookie, .setCookie: true
        default: false
        }
    }

    /// Whether a value under this name is a secret in the query of a URL.
    func isSecretInQuery(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        if isSecret(name) { return true }
        let normalized = Self.normalized(name)
        return meanings[normalized] != .keep && Self.queryNames.contains(normalized)
    }

    /// Whether a value of so many bytes is a secret in the query of a URL or in a form.
    func isSecretParameter(_ name: [UInt8], byteCount: Int, isForm: Bool) -> Bool {
        if isSecret(name) { return true }
        let normalized = Self.normalized(name)
        guard meanings[normalized] != .keep else { return false }
        if Self.oneTimeNames.contains(normalized) { return byteCount >= Self.oneTimeByteCountMin }
        if isForm, Self.formNameEnds.contains(where: normalized.hasSuffix) { return true }
        // `code=404` and `key=name` are common; what is secret under such a name is longer.
        return Self.queryNames.contains(normalized) && (isForm || byteCount >= 6)
    }

    /// Whether a variable of this name holds a secret.
    func isSecretVariable(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        let normalized = Self.normalized(name)
        if meanings[normalized] == .keep { return false }
        if isSecret(name) { return true }
        let words = Self.words(of: name)
        // PWD alone is where a shell stands.
        if words == ["pwd"] || words == ["oldpwd"] { return false }
        return words.contains(where: Self.variableWords.contains)
            || ["password", "passwd", "secret", "token", "apikey"].contains(where: normalized.hasSuffix)
    }

    private static func endsInSecretWord(_ words: [String]) -> Bool {
        guard let last = words.last else { return false }
        if lastWords.contains(last) { return true }
        guard words.count > 1 else { return false }
        return last == "pwd" || last == "key" && wordsBeforeKey.contains(words[words.count - 2])
    }

    /// `SECRET_KEY_BASE`, `TOKEN_STAGING`: constants of an environment put the word first as well.
    private static func holdsSecretWord(_ words: [String]) -> Bool {
        guard words.count > 1, let last = words.last, !describingWords.contains(last) else { return false }
        return words.indices.contains { endsInSecretWord(Array(words[...$0])) }
    }

    /// The name as names are compared: lower-cased, without `_`, `-` and spaces.
    static func normalized(_ name: some BidirectionalCollection<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        for byte in name where byte != 0x5F && byte != 0x2D && byte != 0x20 {
            bytes.append(isUpper(byte) ? byte | 0x20 : byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The words of a name, lower-cased: cut at anything but letters and digits and at humps, digits at the end dropped.
    static func words(of name: some BidirectionalCollection<UInt8>) -> [String] {
        let name = Array(name)
        var words: [String] = []
        var word: [UInt8] = []
        func flush() {
            while let last = word.last, isDigit(last) { word.removeLast() }
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        for (index, byte) in name.enumerated() {
            guard isUpper(byte) || isLower(byte) || isDigit(byte) else {
                flush()
                continue
            }
            if isUpper(byte), index > 0 {
                let afterLower = !isUpper(name[index - 1])
                let beginsWord = isUpper(name[index - 1]) && index + 1 < name.count && isLower(name[index + 1])
                if afterLower || beginsWord { flush() }
            }
            word.append(byte | 0x20)
        }
        flush()
        return words
    }

    @inline(__always) private static func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
    @inline(__always) private static func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    @inline(__always) private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// What names were found to mean, so that a name that comes in every message is taken apart once.
struct NameCache: Sendable {
    private static let slotCount = 512
    /// A longer name is taken apart each time rather than kept.
    private static let nameByteCountMax = 64
    private var slots: [(name: [UInt8], meaning: NameMeaning)] = Array(repeating: ([], .plain), count: slotCount)

    mutating func meaning(of name: UnsafeBufferPointer<UInt8>, by names: SecretNames) -> NameMeaning {
        guard !name.isEmpty, name.count <= Self.nameByteCountMax else { return names.meaning(of: name) }
        // Length, first, middle and last bytes tell the names of one protocol apart; a clash costs only a look.
        let last = name.count - 1
        var hash = UInt32(truncatingIfNeeded: name.count) &* 0x9E37_79B1
        for position in stride(from: 0, through: last, by: max(1, last / 4)) {
            hash = (hash ^ UInt32(name[position])) &* 0x0100_0193
        }
        let slot = Int((hash ^ (hash >> 15)) & UInt32(Self.slotCount - 1))
        if Self.equal(slots[slot].name, name) { return slots[slot].meaning }
        let meaning = names.meaning(of: name)
        slots[slot] = (Array(name), meaning)
        return meaning
    }

    @inline(__always)
    private static func equal(_ known: [UInt8], _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        guard known.count == name.count else { return false }
        for index in 0..<name.count where known[index] != name[index] { return false }
        return true
    }
}
