import MCPWire

/// What the place of a value in JSON says about it.
private enum ValueContext: Equatable {
    case plain, keep
    /// A value of the protocol itself, never looked at.
    case verbatim
    case secret, secretOrNumber, authorization, cookie, setCookie
    /// Values of environment variables: in an object, in a list, in the objects of a list.
    case environment, environmentList, environmentPairs
    case schema
}

/// A container that is open while a document is walked.
private struct Frame {
    enum Role { case none, message, params, meta, grant }

    var end: Int
    var isObject: Bool
    var context: ValueContext
    var role = Role.none
    /// What the `name` of a pair said about its `value`.
    var pair = NameMeaning.plain
}

extension Redactor {
    /// The secrets of a document: ascending, disjoint, in offsets of its bytes. Level 0 is a message or a body itself.
    mutating func findings(in document: JSONDocument, level: Int) -> [Finding] {
        document.bytes.withUnsafeBufferPointer { bytes in
            var walk = DocumentWalk(document: document, bytes: bytes, level: level)
            walk.run(&self)
            return walk.found
        }
    }
}

/// One pass over a document's tape, without recursion but for JSON within strings.
private struct DocumentWalk {
    let document: JSONDocument
    let bytes: UnsafeBufferPointer<UInt8>
    let level: Int
    var found: [Finding] = []
    private var frames: [Frame] = []

    init(document: JSONDocument, bytes: UnsafeBufferPointer<UInt8>, level: Int) {
        self.document = document
        self.bytes = bytes
        self.level = level
    }

    mutating func run(_ redactor: inout Redactor) {
        var index = 0
        while index < document.nodes.count {
            while let last = frames.last, last.end <= index { frames.removeLast() }
            guard let frame = frames.last else {
                value(index, .plain, role: role(ofDocument: index), &redactor)
                index += 1
                continue
            }
            if frame.isObject {
                string(index, .plain, &redactor)
                let (context, role) = position(key: index, frame, redactor.finder.names, &redactor.cache)
                value(index + 1, context, role: role, name: index, &redactor)
                index += 2
            } else {
                let isBatch = frames.count == 1 && isMessage(index)
                value(index, frame.context, role: isBatch ? .message : .none, &redactor)
                index += 1
            }
        }
    }

    /// Whether a node is a JSON-RPC message, of which id, method and version are the protocol's.
    private func isMessage(_ index: Int) -> Bool {
        level == 0 && document.nodes[index].kind == .object && document.member("jsonrpc", of: index) != nil
    }

    /// A body with a `grant_type` is a form of OAuth written as JSON, in which `code` is one.
    private func role(ofDocument index: Int) -> Frame.Role {
        if isMessage(index) { return .message }
        let isObject = level == 0 && document.nodes[index].kind == .object
        return isObject && document.member("grant_type", of: index) != nil ? .grant : .none
    }

    /// What the key of a member says about its value.
    private mutating func position(
        key: Int, _ frame: Frame, _ names: SecretNames, _ cache: inout NameCache
    ) -> (ValueContext, Frame.Role) {
        let node = document.nodes[key]
        let name = contents(key)
        if frame.role == .message {
            if Self.equal(name, "id") || Self.equal(name, "method") || Self.equal(name, "jsonrpc") {
                return (.verbatim, .none)
            }
            if Self.equal(name, "params") { return (.plain, .params) }
        }
        let meaning =
            node.hasEscapes
            ? document.string(at: key).withUnsafeBufferPointer { cache.meaning(of: $0, by: names) }
            : cache.meaning(of: name, by: names)
        let isContainer = document.nodes[key + 1].kind == .object || document.nodes[key + 1].kind == .array
        switch frame.context {
        case .plain, .keep, .verbatim, .environmentList: break
        case .schema: return (.schema, .none)
        case .environmentPairs: return (meaning == .pairValue ? .environment : .plain, .none)
        default: return (meaning == .keep && !isContainer ? .keep : frame.context, .none)
        }
        if meaning == .pairName, document.nodes[key + 1].kind == .string {
            let said = document.string(at: key + 1)
            frames[frames.count - 1].pair = said.withUnsafeBufferPointer { cache.meaning(of: $0, by: names) }
        }
        let asked = meaning == .pairValue ? frame.pair : meaning
        if asked == .protocolToken {
            return (frame.role == .meta || frame.role == .params ? .verbatim : .keep, .none)
        }
        if asked == .meta { return (.plain, .meta) }
        if frame.role == .grant, document.nodes[key + 1].kind == .string,
            names.isSecretParameter(
                document.string(at: key), byteCount: document.nodes[key + 1].range.count, isForm: true)
        {
            return (.secret, .none)
        }
        return (context(of: asked, value: key + 1), .none)
    }

    private func context(of meaning: NameMeaning, value: Int) -> ValueContext {
        let kind = document.nodes[value].kind
        let context: ValueContext
        switch meaning {
        case .plain, .protocolToken, .meta, .pairName, .pairValue: return .plain
        // An object under a kept name (`tokens`) is a place of its own.
        case .keep: return kind == .object ? .plain : .keep
        case .schema: return kind == .object ? .schema : .plain
        case .environment:
            return kind == .object ? .environment : kind == .array ? .environmentList : .plain
        case .secret: context = .secret
        case .secretOrNumber: context = .secretOrNumber
        case .authorization: context = .authorization
        case .cookie: context = .cookie
        case .setCookie: context = .setCookie
        }
        return kind == .object && describesType(value) ? .schema : context
    }

    /// Whether an object under a secret name describes a type (`"password": {"type": "string"}`) and holds no value.
    private func describesType(_ object: Int) -> Bool {
        if document.member("$ref", of: object) != nil { return true }
        guard let type = document.member("type", of: object) else { return false }
        return ["string", "number", "integer", "boolean", "object", "array", "null"].contains(document.text(at: type))
    }

    private mutating func value(
        _ index: Int, _ context: ValueContext, role: Frame.Role, name: Int? = nil, _ redactor: inout Redactor
    ) {
        let node = document.nodes[index]
        switch node.kind {
        case .object:
            let inner = context == .environmentList ? .environmentPairs : context
            frames.append(Frame(end: node.next, isObject: true, context: inner, role: role))
        case .array:
            let inner = context == .environment ? .environmentList : context
            frames.append(Frame(end: node.next, isObject: false, context: inner, role: role))
        case .string:
            var isSought = true
            if context == .environment {
                let variable = name.map { document.string(at: $0) } ?? []
                let value = document.string(at: index)
                isSought = redactor.finder.names.isSecretVariable(variable) || !SecretValues.looksPlain(value)
            }
            string(index, context, isSought: isSought, &redactor)
        case .number: number(index, context, &redactor)
        case .true, .false, .null: break
        }
    }

    private mutating func number(_ index: Int, _ context: ValueContext, _ redactor: inout Redactor) {
        let range = document.nodes[index].range
        let isSecret = context == .secretOrNumber
        guard isSecret || redactor.index.hasNumber && range.count >= SecretIndex.windowByteCount, context != .verbatim
        else { return }
        let text = Array(bytes[range])
        if isSecret {
            found.append(
                Finding(range: range, value: text, entry: redactor.learn(text, isSought: true), quote: Finding.quotes))
        } else if let entry = redactor.index.soughtEntry(of: text) {
            found.append(Finding(range: range, value: text, entry: entry, quote: Finding.quotes))
        }
    }

    /// Looks at one string or key, decoded where it has escapes, and notes its secrets in the document's offsets.
    private mutating func string(
        _ index: Int, _ context: ValueContext, isSought: Bool = true, _ redactor: inout Redactor
    ) {
        guard context != .verbatim else { return }
        let contents = contents(index)
        let start = document.nodes[index].range.lowerBound + 1
        guard document.nodes[index].hasEscapes else {
            for var finding in Self.findings(contents, context, isSought, level, &redactor) {
                finding.range = (finding.range.lowerBound + start)..<(finding.range.upperBound + start)
                finding.escapeQuote()
                found.append(finding)
            }
            return
        }
        let (decoded, source) = JSONString.decodeMapped(contents.span)
        let inner = decoded.withUnsafeBufferPointer { Self.findings($0, context, isSought, level, &redactor) }
        for var finding in inner {
            let lower = source[finding.range.lowerBound] + start
            finding.range = lower..<(source[finding.range.upperBound] + start)
            finding.escapeQuote()
            found.append(finding)
        }
    }

    private func contents(_ index: Int) -> UnsafeBufferPointer<UInt8> {
        let range = document.nodes[index].range
        return UnsafeBufferPointer(rebasing: bytes[(range.lowerBound + 1)..<(range.upperBound - 1)])
    }

    private static func equal(_ name: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
        name.count == text.utf8CodeUnitCount
            && name.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: name.count))
    }

    private static func findings(
        _ text: UnsafeBufferPointer<UInt8>, _ context: ValueContext, _ isSought: Bool, _ level: Int,
        _ redactor: inout Redactor
    ) -> [Finding] {
        switch context {
        case .plain, .schema, .environmentPairs: return redactor.findings(in: text, .everything, level: level)
        case .verbatim: return []
        case .keep: return redactor.findings(in: text, .knownOnly, level: level)
        case .secret, .secretOrNumber, .authorization, .cookie, .setCookie, .environment, .environmentList:
            return positioned(text, context, isSought, level, &redactor)
        }
    }

    /// The secrets of a string that stands where secrets stand: the places its form gives, and what else it holds.
    private static func positioned(
        _ text: UnsafeBufferPointer<UInt8>, _ context: ValueContext, _ isSought: Bool, _ level: Int,
        _ redactor: inout Redactor
    ) -> [Finding] {
        let value = Array(text)
        var all: [Finding] = []
        for place in places(value, context) {
            if let finding = redactor.finding(value, SecretValues.trimmed(value[...], place), isSought: isSought) {
                all.append(finding)
            }
        }
        // Within a whole value parts are learnt as well: the password of a URL comes again by itself.
        all += redactor.findings(in: text, .everything, level: level)
        return all.isEmpty ? all : redactor.merged(all, in: text)
    }

    private static func places(_ value: [UInt8], _ context: ValueContext) -> [Range<Int>] {
        switch context {
        case .authorization:
            [SecretValues.credentialOffset(in: value, anyPosition: false)..<value.count]
        case .cookie: SecretValues.cookieValues(in: value[...], isSet: false)
        case .setCookie: SecretValues.cookieValues(in: value[...], isSet: true)
        case .environmentList:
            value.firstIndex(of: UInt8(ascii: "=")).map { [($0 + 1)..<value.count] } ?? []
        case .environment: [0..<value.count]
        default: [SecretValues.credentialOffset(in: value, anyPosition: true)..<value.count]
        }
    }
}
