namespace StreamEngine.Sources.Http;

/// <summary>What one request sends.</summary>
/// <param name="Text">The text.</param>
/// <param name="ContentType">What it is.</param>
internal sealed record RequestBody(string Text, string ContentType);
