namespace StreamEngine.Sources.Http;

/// <summary>A whole document that patches are applied to.</summary>
/// <param name="Bytes">Its JSON.</param>
/// <param name="ReadAt">When the provider last gave it whole, or one that patches led from: the clock's timestamp.</param>
internal sealed record KeptDocument(byte[] Bytes, long ReadAt);
