/** A text and what is in it. */
export interface ParserCase {
  readonly name: string;
  readonly text: string;
  /** `,` if it is not given. */
  readonly delimiter?: string;
  readonly comment?: string;
  /** How many records cannot be read, of which papaparse guesses the fields. */
  readonly broken?: number;
  readonly rows: readonly (readonly string[])[];
}

/**
 * CORE_PARSER_TESTS of papaparse 5.7.1 (tests/test-cases.js; MIT License, Copyright (c) 2015 Matthew
 * Holt), as JSON and without blank lines, but those of its own options `preview` and `header` and of
 * a comment that is a number. The rows of a text with a broken record are those that are left.
 */
export const papaparseCases: readonly ParserCase[] = String.raw`
{"name":"One row","text":"A,b,c","rows":[["A","b","c"]]}
{"name":"Two rows","text":"A,b,c\nd,E,f","rows":[["A","b","c"],["d","E","f"]]}
{"name":"Three rows","text":"A,b,c\nd,E,f\nG,h,i","rows":[["A","b","c"],["d","E","f"],["G","h","i"]]}
{"name":"Whitespace at edges of unquoted field","text":"a,\tb ,c","rows":[["a","\tb ","c"]]}
{"name":"Quoted field","text":"A,\"B\",C","rows":[["A","B","C"]]}
{"name":"Quoted field with extra whitespace on edges","text":"A,\" B  \",C","rows":[["A"," B  ","C"]]}
{"name":"Quoted field with delimiter","text":"A,\"B,B\",C","rows":[["A","B,B","C"]]}
{"name":"Quoted field with line break","text":"A,\"B\nB\",C","rows":[["A","B\nB","C"]]}
{"name":"Quoted fields with line breaks","text":"A,\"B\nB\",\"C\nC\nC\"","rows":[["A","B\nB","C\nC\nC"]]}
{"name":"Quoted fields at end of row with delimiter and line break","text":"a,b,\"c,c\nc\"\nd,e,f","rows":[["a","b","c,c\nc"],["d","e","f"]]}
{"name":"Quoted field with escaped quotes","text":"A,\"B\"\"B\"\"B\",C","rows":[["A","B\"B\"B","C"]]}
{"name":"Quoted field with escaped quotes at boundaries","text":"A,\"\"\"B\"\"\",C","rows":[["A","\"B\"","C"]]}
{"name":"Unquoted field with quotes at end of field","text":"A,B\",C","rows":[["A","B\"","C"]]}
{"name":"Quoted field with quotes around delimiter","text":"A,\"\"\",\"\"\",C","rows":[["A","\",\"","C"]]}
{"name":"Quoted field with quotes on right side of delimiter","text":"A,\",\"\"\",C","rows":[["A",",\"","C"]]}
{"name":"Quoted field with quotes on left side of delimiter","text":"A,\"\"\",\",C","rows":[["A","\",","C"]]}
{"name":"Quoted field with 5 quotes in a row and a delimiter in there, too","text":"\"1\",\"cnonce=\"\"\"\",nc=\"\"\"\"\",\"2\"","rows":[["1","cnonce=\"\",nc=\"\"","2"]]}
{"name":"Quoted field with whitespace around quotes","text":"A, \"B\" ,C","rows":[["A"," \"B\" ","C"]]}
{"name":"Misplaced quotes in data, not as opening quotes","text":"A,B \"B\",C","rows":[["A","B \"B\"","C"]]}
{"name":"Quoted field has no closing quote","text":"a,\"b,c\nd,e,f","broken":1,"rows":[["d","e","f"]]}
{"name":"Quoted field has invalid trailing quote after delimiter with a valid closer","text":"\"a,\"b,c\"\nd,e,f","broken":1,"rows":[["d","e","f"]]}
{"name":"Quoted field has invalid trailing quote after delimiter","text":"a,\"b,\"c\nd,e,f","broken":1,"rows":[["d","e","f"]]}
{"name":"Quoted field has invalid trailing quote before delimiter","text":"a,\"b\"c,d\ne,f,g","broken":1,"rows":[["e","f","g"]]}
{"name":"Quoted field has invalid trailing quote after new line","text":"a,\"b,c\nd\"e,f,g","broken":1,"rows":[["d\"e","f","g"]]}
{"name":"Quoted field has valid trailing quote via delimiter","text":"a,\"b\",c\nd,e,f","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Quoted field has valid trailing quote via \\n","text":"a,b,\"c\"\nd,e,f","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Quoted field has valid trailing quote via EOF","text":"a,b,c\nd,e,\"f\"","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Quoted field contains delimiters and \\n with valid trailing quote","text":"a,\"b,c\nd,e,f\"","rows":[["a","b,c\nd,e,f"]]}
{"name":"Line starts with quoted field","text":"a,b,c\n\"d\",e,f","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Line starts with unquoted empty field","text":",b,c\n\"d\",e,f","rows":[["","b","c"],["d","e","f"]]}
{"name":"Line ends with quoted field","text":"a,b,c\nd,e,f\n\"g\",\"h\",\"i\"\n\"j\",\"k\",\"l\"","rows":[["a","b","c"],["d","e","f"],["g","h","i"],["j","k","l"]]}
{"name":"Line ends with quoted field, first field of next line is empty, \\n","text":"a,b,c\n,e,f\n,\"h\",\"i\"\n,\"k\",\"l\"","rows":[["a","b","c"],["","e","f"],["","h","i"],["","k","l"]]}
{"name":"Quoted field at end of row (but not at EOF) has quotes","text":"a,b,\"c\"\"c\"\"\"\nd,e,f","rows":[["a","b","c\"c\""],["d","e","f"]]}
{"name":"Empty quoted field at EOF is empty","text":"a,b,\"\"\na,b,\"\"","rows":[["a","b",""],["a","b",""]]}
{"name":"Multiple consecutive empty fields","text":"a,b,,,c,d\n,,e,,,f","rows":[["a","b","","","c","d"],["","","e","","","f"]]}
{"name":"Empty input string","text":"","rows":[]}
{"name":"Input is just the delimiter (2 empty fields)","text":",","rows":[["",""]]}
{"name":"Input is just empty fields","text":",,\n,,,","rows":[["","",""],["","","",""]]}
{"name":"Input is just a string (a single field)","text":"Abc def","rows":[["Abc def"]]}
{"name":"Commented line at beginning","text":"# Comment!\na,b,c","comment":"#","rows":[["a","b","c"]]}
{"name":"Commented line in middle","text":"a,b,c\n# Comment\nd,e,f","comment":"#","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Commented line at end","text":"a,true,false\n# Comment","comment":"#","rows":[["a","true","false"]]}
{"name":"Two comment lines consecutively","text":"a,b,c\n#comment1\n#comment2\nd,e,f","comment":"#","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Two comment lines consecutively at end of file","text":"a,b,c\n#comment1\n#comment2","comment":"#","rows":[["a","b","c"]]}
{"name":"Three comment lines consecutively at beginning of file","text":"#comment1\n#comment2\n#comment3\na,b,c","comment":"#","rows":[["a","b","c"]]}
{"name":"Entire file is comment lines","text":"#comment1\n#comment2\n#comment3","comment":"#","rows":[]}
{"name":"Comment with non-default character","text":"a,b,c\n!Comment goes here\nd,e,f","comment":"!","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Multi-character comment string","text":"a,b,c\n=N(Comment)\nd,e,f","comment":"=N(","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Input with only a commented line","text":"#commented line","comment":"#","rows":[]}
{"name":"Input with only a commented line and blank line after","text":"#commented line\n","comment":"#","rows":[]}
{"name":"Input with only a commented line, without comments enabled","text":"#commented line","rows":[["#commented line"]]}
{"name":"Input without comments with line starting with whitespace","text":"a\n b\nc","rows":[["a"],[" b"],["c"]]}
{"name":"Multiple rows, one column (no delimiter found)","text":"a\nb\nc\nd\ne","rows":[["a"],["b"],["c"],["d"],["e"]]}
{"name":"One column input with empty fields","text":"a\nb\n\n\nc\nd\ne\n","rows":[["a"],["b"],["c"],["d"],["e"]]}
{"name":"Fast mode, basic","text":"a,b,c\nd,e,f","rows":[["a","b","c"],["d","e","f"]]}
{"name":"Fast mode with comments","text":"// Commented line\na,b,c","comment":"//","rows":[["a","b","c"]]}
{"name":"Fast mode with blank line at end","text":"a,b,c\n","rows":[["a","b","c"]]}
`.trim().split("\n").map((line) => JSON.parse(line));
