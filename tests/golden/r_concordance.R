# Reference values for concordance. Run: Rscript r_concordance.R FOLDER_OF_SURVIVAL > r_concordance.txt
suppressMessages(library(survival))
show <- function(name, x) cat(name, sprintf("%.17g", x), "\n")
cat("#", R.version.string, "survival", as.character(packageVersion("survival")), "\n")
folder <- commandArgs(TRUE)[1]
veteran <- read.csv(file.path(folder, "veteran.csv"))
colon <- subset(read.csv(file.path(folder, "colon.csv")), etype == 2 & !is.na(nodes))
scores <- list(
  veteran_karno = list(veteran, -0.0331 * veteran$karno + 0.0123 * veteran$diagtime),
  veteran_trt = list(veteran, 0.25 * veteran$trt),
  colon_nodes = list(colon, 0.0877 * colon$nodes + 0.0071 * colon$age),
  colon_sex = list(colon, -0.5 * colon$sex))
for (name in names(scores)) {
  data <- scores[[name]][[1]]; data$score <- scores[[name]][[2]]
  fit <- concordance(Surv(time, status) ~ score, data = data, reverse = TRUE, timefix = FALSE)
  show(name, c(fit$concordance, sqrt(fit$var)))
}
