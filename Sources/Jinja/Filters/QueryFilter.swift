internal import Diagnostics
internal import Values

/// `json_query`: JMESPath.
enum QueryFilter {
    static let all: [Filter] = [
        Filter("json_query", ["expr"], required: 1, .structural) { call throws(Diagnostic) in
            let text = try call.string(0)
            let expression: QueryExpression
            do throws(QueryFault) {
                expression = try QueryParser.parse(text)
            } catch {
                throw call.failure(
                    "json_query: \(error.summary): character \(error.offset + 1) of '\(text)'",
                    remedy:
                        "Texts stand in '…' or `\"…\"`, names with signs other than letters, digits and '_' in \"…\"."
                )
            }
            let evaluation = QueryEvaluation(text: text, session: call.evaluator.session)
            return try evaluation.value(expression, of: call.input)
        }
    ]
}
